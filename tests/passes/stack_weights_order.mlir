// RUN: ashlar-opt %s --ashlar-stack-weights | FileCheck %s

// A prompt needs no query of its last layer but for its last token, so it has fewer stacks than a
// step. The step's order holds for both layers, not the one in which the prompt happens to be.
// CHECK-LABEL: func.func @prompt
func.func @prompt(%x: tensor<4x8xbf16>, %z: tensor<4x8xbf16>) -> (tensor<4x2xbf16>, tensor<4x2xbf16>, tensor<4x4xbf16>, tensor<4x2xbf16>, tensor<4x2xbf16>) {
  %wk1 = ashlar.weight ["k1"] : tensor<2x8xbf16>
  %wv1 = ashlar.weight ["v1"] : tensor<2x8xbf16>
  %wq1 = ashlar.weight ["q1"] : tensor<4x8xbf16>
  %wk2 = ashlar.weight ["k2"] : tensor<2x8xbf16>
  %wv2 = ashlar.weight ["v2"] : tensor<2x8xbf16>
  // CHECK-DAG: ashlar.weight ["q1", "k1", "v1"]
  // CHECK-DAG: ashlar.weight ["k2", "v2"]
  %k1 = ashlar.matmul %x, %wk1 {transpose_rhs = true, dtype = bf16} : (tensor<4x8xbf16>, tensor<2x8xbf16>) -> tensor<4x2xbf16>
  %v1 = ashlar.matmul %x, %wv1 {transpose_rhs = true, dtype = bf16} : (tensor<4x8xbf16>, tensor<2x8xbf16>) -> tensor<4x2xbf16>
  %q1 = ashlar.matmul %x, %wq1 {transpose_rhs = true, dtype = bf16} : (tensor<4x8xbf16>, tensor<4x8xbf16>) -> tensor<4x4xbf16>
  %k2 = ashlar.matmul %z, %wk2 {transpose_rhs = true, dtype = bf16} : (tensor<4x8xbf16>, tensor<2x8xbf16>) -> tensor<4x2xbf16>
  %v2 = ashlar.matmul %z, %wv2 {transpose_rhs = true, dtype = bf16} : (tensor<4x8xbf16>, tensor<2x8xbf16>) -> tensor<4x2xbf16>
  return %k1, %v1, %q1, %k2, %v2 : tensor<4x2xbf16>, tensor<4x2xbf16>, tensor<4x4xbf16>, tensor<4x2xbf16>, tensor<4x2xbf16>
}

// CHECK-LABEL: func.func @step
func.func @step(%x: tensor<1x8xbf16>, %z: tensor<1x8xbf16>) -> (tensor<1x4xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x4xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>) {
  %wq1 = ashlar.weight ["q1"] : tensor<4x8xbf16>
  %wk1 = ashlar.weight ["k1"] : tensor<2x8xbf16>
  %wv1 = ashlar.weight ["v1"] : tensor<2x8xbf16>
  %wq2 = ashlar.weight ["q2"] : tensor<4x8xbf16>
  %wk2 = ashlar.weight ["k2"] : tensor<2x8xbf16>
  %wv2 = ashlar.weight ["v2"] : tensor<2x8xbf16>
  // CHECK-DAG: ashlar.weight ["q1", "k1", "v1"]
  // CHECK-DAG: ashlar.weight ["q2", "k2", "v2"]
  %q1 = ashlar.matmul %x, %wq1 {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  %k1 = ashlar.matmul %x, %wk1 {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %v1 = ashlar.matmul %x, %wv1 {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %q2 = ashlar.matmul %z, %wq2 {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<4x8xbf16>) -> tensor<1x4xbf16>
  %k2 = ashlar.matmul %z, %wk2 {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  %v2 = ashlar.matmul %z, %wv2 {transpose_rhs = true, dtype = bf16} : (tensor<1x8xbf16>, tensor<2x8xbf16>) -> tensor<1x2xbf16>
  return %q1, %k1, %v1, %q2, %k2, %v2 : tensor<1x4xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>, tensor<1x4xbf16>, tensor<1x2xbf16>, tensor<1x2xbf16>
}
