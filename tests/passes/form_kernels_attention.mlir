// RUN: ashlar-opt %s --ashlar-form-kernels --ashlar-verify-kernels -split-input-file | FileCheck %s

ashlar.state @k : tensor<?x1x2x8xbf16> {capacity = 8 : i64, residency = "state"}
ashlar.state @v : tensor<?x1x2x8xbf16> {capacity = 8 : i64, residency = "state"}

// The new rows of both caches, at one place, are stored by the attention that reads them.
// CHECK-LABEL: func.func @append
// CHECK-NOT: kernel.fused "elementwise"
// CHECK: kernel.fused "attention"({{.*}}) inplace [-1, {{[0-9]}}, {{[0-9]}}]
// CHECK-COUNT-2: ashlar.scatter
func.func @append(%q: tensor<1x1x4x8xbf16>, %kn: tensor<1x1x2x8xbf16>, %vn: tensor<1x1x2x8xbf16>, %at: tensor<1x1x1x1xi32>, %p: tensor<1xi32>, %n: tensor<1xi32>) -> tensor<1x1x4x8xbf16> {
  %k = ashlar.state_read @k : tensor<?x1x2x8xbf16>
  %v = ashlar.state_read @v : tensor<?x1x2x8xbf16>
  %k1 = ashlar.scatter %k, %at, %kn {axis = 0 : i64} : (tensor<?x1x2x8xbf16>, tensor<1x1x1x1xi32>, tensor<1x1x2x8xbf16>) -> tensor<?x1x2x8xbf16>
  %v1 = ashlar.scatter %v, %at, %vn {axis = 0 : i64} : (tensor<?x1x2x8xbf16>, tensor<1x1x1x1xi32>, tensor<1x1x2x8xbf16>) -> tensor<?x1x2x8xbf16>
  ashlar.state_write @k, %k1 : tensor<?x1x2x8xbf16>
  ashlar.state_write @v, %v1 : tensor<?x1x2x8xbf16>
  %y = ashlar.attention %q, %k1, %v1, %p, %n {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x1x4x8xbf16>, tensor<?x1x2x8xbf16>, tensor<?x1x2x8xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x4x8xbf16>
  return %y : tensor<1x1x4x8xbf16>
}

// -----

ashlar.state @k : tensor<?x1x2x8xbf16> {capacity = 8 : i64, residency = "state"}
ashlar.state @v : tensor<?x1x2x8xbf16> {capacity = 8 : i64, residency = "state"}

// Rows at two places come first: there is no one new key.
// CHECK-LABEL: func.func @two_places
// CHECK-COUNT-2: ashlar.scatter
// CHECK: kernel.fused "attention"({{.*}}) inplace [-1]
// CHECK-NOT: ashlar.scatter
func.func @two_places(%q: tensor<1x1x4x8xbf16>, %kn: tensor<1x1x2x8xbf16>, %vn: tensor<1x1x2x8xbf16>, %at: tensor<1x1x1x1xi32>, %other: tensor<1x1x1x1xi32>, %p: tensor<1xi32>, %n: tensor<1xi32>) -> tensor<1x1x4x8xbf16> {
  %k = ashlar.state_read @k : tensor<?x1x2x8xbf16>
  %v = ashlar.state_read @v : tensor<?x1x2x8xbf16>
  %k1 = ashlar.scatter %k, %at, %kn {axis = 0 : i64} : (tensor<?x1x2x8xbf16>, tensor<1x1x1x1xi32>, tensor<1x1x2x8xbf16>) -> tensor<?x1x2x8xbf16>
  %v1 = ashlar.scatter %v, %other, %vn {axis = 0 : i64} : (tensor<?x1x2x8xbf16>, tensor<1x1x1x1xi32>, tensor<1x1x2x8xbf16>) -> tensor<?x1x2x8xbf16>
  ashlar.state_write @k, %k1 : tensor<?x1x2x8xbf16>
  ashlar.state_write @v, %v1 : tensor<?x1x2x8xbf16>
  %y = ashlar.attention %q, %k1, %v1, %p, %n {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x1x4x8xbf16>, tensor<?x1x2x8xbf16>, tensor<?x1x2x8xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x4x8xbf16>
  return %y : tensor<1x1x4x8xbf16>
}
