// RUN: ashlar-opt %s --ashlar-verify-kernels -split-input-file -verify-diagnostics

ashlar.state @s : tensor<8xf32> {residency = "state"}

func.func @reader_after_update(%v: tensor<1xf32>, %at: tensor<1xi32>) -> tensor<8xf32> {
  %old = ashlar.state_read @s : tensor<8xf32>
  %new = kernel.fused "elementwise"(%old, %at, %v) inplace [0] : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>, %b: tensor<1xi32>, %c: tensor<1xf32>):
    %0 = ashlar.scatter %a, %b, %c {axis = 0 : i64} : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32>
    kernel.yield %0 : tensor<8xf32>
  }
  // expected-error @+1 {{reads the contents of a buffer after kernel}}
  %y = kernel.fused "elementwise"(%old) inplace [-1] : (tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    %0 = ashlar.neg %a : (tensor<8xf32>) -> tensor<8xf32>
    kernel.yield %0 : tensor<8xf32>
  }
  ashlar.state_write @s, %new : tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

ashlar.state @s : tensor<8xf32> {residency = "state"}

func.func @update_is_lost(%v: tensor<1xf32>, %at: tensor<1xi32>) -> tensor<8xf32> {
  %old = ashlar.state_read @s : tensor<8xf32>
  // expected-error @+1 {{updates state @s, which does not take the result}}
  %new = kernel.fused "elementwise"(%old, %at, %v) inplace [0] : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>, %b: tensor<1xi32>, %c: tensor<1xf32>):
    %0 = ashlar.scatter %a, %b, %c {axis = 0 : i64} : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32>
    kernel.yield %0 : tensor<8xf32>
  }
  return %new : tensor<8xf32>
}

// -----

func.func @input_is_not_ours(%x: tensor<8xf32>, %v: tensor<1xf32>, %at: tensor<1xi32>) -> tensor<8xf32> {
  // expected-error @+1 {{updates a buffer that the entry does not own}}
  %new = kernel.fused "elementwise"(%x, %at, %v) inplace [0] : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>, %b: tensor<1xi32>, %c: tensor<1xf32>):
    %0 = ashlar.scatter %a, %b, %c {axis = 0 : i64} : (tensor<8xf32>, tensor<1xi32>, tensor<1xf32>) -> tensor<8xf32>
    kernel.yield %0 : tensor<8xf32>
  }
  return %new : tensor<8xf32>
}

// -----

func.func @left_outside(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{was left outside of all kernels}}
  %y = ashlar.neg %x : (tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
