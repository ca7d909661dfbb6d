// RUN: ashlar-opt %s --ashlar-plan-memory -split-input-file -verify-diagnostics

func.func @not_a_kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{is not part of a kernel; run ashlar-form-kernels first}}
  %y = ashlar.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @two_stacks() {
  %a = ashlar.weight ["q", "k"] {rows = array<i64: 1, 1>} : tensor<2x8xf32>
  // expected-error @+1 {{weight "v" cannot lie in two stacks}}
  %b = ashlar.weight ["k", "v"] {rows = array<i64: 1, 1>} : tensor<2x8xf32>
  return
}

// -----

func.func @two_types() {
  %a = ashlar.weight ["q"] : tensor<2x8xf32>
  // expected-error @+1 {{weight "q" is used as 'tensor<2x8xf32>' and as 'tensor<8x2xf32>'}}
  %b = ashlar.weight ["q"] : tensor<8x2xf32>
  return
}

// -----

func.func @rows_unknown() {
  // expected-error @+1 {{stacks 2 weights without saying the rows of each}}
  %a = ashlar.weight ["q", "k"] : tensor<3x8xf32>
  return
}
