// RUN: ashlar-opt %s -split-input-file -verify-diagnostics

func.func @shapes(%a: tensor<2xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{operands differ: f32[2] and f32[3]}}
  %0 = ashlar.add %a, %b : (tensor<2xf32>, tensor<3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @dtype(%a: tensor<2xi32>) {
  // expected-error @+1 {{does not take i32; cast the operand first}}
  %0 = ashlar.exp %a : (tensor<2xi32>) -> tensor<2xi32>
  return
}

// -----

func.func @bits(%a: tensor<2xf32>) {
  // expected-error @+1 {{the bits of f32 are no i16}}
  %0 = ashlar.bitcast %a {dtype = i16} : (tensor<2xf32>) -> tensor<2xi16>
  return
}

// -----

func.func @result(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{result type: expected f32[2]}}
  %0 = ashlar.reduce_sum %a {axes = array<i64: 1>, keepdims = false} : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @slice(%a: tensor<4xf32>) {
  // expected-error @+1 {{axis 0: elements 3..-1 are outside [0, 4)}}
  %0 = ashlar.slice %a {starts = array<i64: 3>, sizes = array<i64: 3>, steps = array<i64: -2>} : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @slice_far(%a: tensor<4xf32>) {
  // expected-error @+1 {{2 * 4611686018427387904 passes 2^63-1}}
  %0 = ashlar.slice %a {starts = array<i64: 0>, sizes = array<i64: 3>, steps = array<i64: 4611686018427387904>} : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @slice_beyond(%a: tensor<4xf32>) {
  // expected-error @+1 {{9223372036854775807 + 1 passes 2^63-1}}
  %0 = ashlar.slice %a {starts = array<i64: 9223372036854775807>, sizes = array<i64: 2>, steps = array<i64: 1>} : (tensor<4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @pad(%a: tensor<4xf32>) {
  // expected-error @+1 {{9223372036854775807 + 1 passes 2^63-1}}
  %0 = ashlar.pad %a {low = array<i64: 9223372036854775807>, high = array<i64: 1>, value = 0.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @concat(%a: tensor<9223372036854775807x0xf32>) {
  // expected-error @+1 {{9223372036854775807 + 9223372036854775807 passes 2^63-1}}
  %0 = ashlar.concat %a, %a {axis = 0 : i64} : (tensor<9223372036854775807x0xf32>, tensor<9223372036854775807x0xf32>) -> tensor<4x0xf32>
  return
}

// -----

// expected-error @+1 {{only axis 0 of a state may be dynamic}}
ashlar.state @s : tensor<2x?xf32> {residency = "state"}

// -----

// expected-error @+1 {{a capacity belongs to a growable state}}
ashlar.state @s : tensor<?x2xf32> {residency = "state"}

// -----

func.func @inplace(%a: tensor<4xf32>) {
  // expected-error @+1 {{inplace: no input 3}}
  %0 = kernel.fused "elementwise" (%a) inplace [3] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x: tensor<4xf32>):
    kernel.yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @dequantize(%p: tensor<2x8xui32>, %s: tensor<2x1xbf16>) {
  // expected-error @+1 {{no encoding with 7 bits and groups of 64}}
  %0 = ashlar.dequantize %p, %s, %s {bits = 7 : i64, group_size = 64 : i64, dtype = f32} : (tensor<2x8xui32>, tensor<2x1xbf16>, tensor<2x1xbf16>) -> tensor<2x64xf32>
  return
}

// -----

func.func @dequantize_shape(%p: tensor<2x8xui32>, %s: tensor<2x1xbf16>) {
  // expected-error @+1 {{packed [2, 8] and scales [2, 1] disagree: expected packed [2, 16]}}
  %0 = ashlar.dequantize %p, %s, %s {bits = 8 : i64, group_size = 64 : i64, dtype = f32} : (tensor<2x8xui32>, tensor<2x1xbf16>, tensor<2x1xbf16>) -> tensor<2x64xf32>
  return
}

// -----

func.func @numbers(%x: tensor<2x1x8xf32>, %w: tensor<4x3x8xf32>, %i: tensor<2xi32>) {
  // expected-error @+1 {{one number for each row of [2, 1, 8]: expected [2, 1], got [2]}}
  %0 = ashlar.expert_matmul %x, %w, %i {transpose_rhs = true, dtype = f32} : (tensor<2x1x8xf32>, tensor<4x3x8xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @experts(%x: tensor<2x1x8xf32>, %w: tensor<4x8x3xf32>, %i: tensor<2x1xi32>) {
  // expected-error @+1 {{cannot multiply f32[2, 1, 8] by matrices of f32[4, 8, 3] transposed}}
  %0 = ashlar.expert_matmul %x, %w, %i {transpose_rhs = true, dtype = f32} : (tensor<2x1x8xf32>, tensor<4x8x3xf32>, tensor<2x1xi32>) -> tensor<2x3xf32>
  return
}
