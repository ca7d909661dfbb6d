// RUN: ashlar-opt %s --ashlar-split-reduction=profile=nvidia-h200 | FileCheck %s --check-prefixes=CHECK,GPU
// RUN: ashlar-opt %s --ashlar-split-reduction=profile=lavapipe | FileCheck %s --check-prefixes=CHECK,CPU
// RUN: not ashlar-opt %s --ashlar-split-reduction=profile=abacus 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: no device profile named "abacus"

// A token's attention: 2 workgroups of key heads become 64.
// CHECK-LABEL: func.func @decode
func.func @decode(%q: tensor<1x1x8x64xbf16>, %k: tensor<?x1x2x64xbf16>, %v: tensor<?x1x2x64xbf16>, %p: tensor<1xi32>, %n: tensor<1xi32>) -> tensor<1x1x8x64xbf16> {
  // GPU: %[[P:.*]] = kernel.attention_partial {{.*}} splits = 32 : i64{{.*}} -> tensor<1x1x8x32x66xf32>
  // GPU: %[[A:.*]] = ashlar.full {dtype = i32, shape = array<i64: 2>, value = 0.000000e+00 : f64}
  // GPU: kernel.attention_combine %[[P]], %[[A]] : (tensor<1x1x8x32x66xf32>, tensor<2xi32>) -> tensor<1x1x8x64xbf16>
  // CPU: ashlar.attention
  %y = ashlar.attention %q, %k, %v, %p, %n {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x1x8x64xbf16>, tensor<?x1x2x64xbf16>, tensor<?x1x2x64xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x8x64xbf16>
  return %y : tensor<1x1x8x64xbf16>
}

// Every block of the heads that share a key counts its splits.
// CHECK-LABEL: func.func @wide_heads
func.func @wide_heads(%q: tensor<1x1x16x256xbf16>, %k: tensor<?x1x2x256xbf16>, %v: tensor<?x1x2x256xbf16>, %p: tensor<1xi32>, %n: tensor<1xi32>) -> tensor<1x1x16x256xbf16> {
  // GPU: kernel.attention_partial {{.*}} splits = 32 : i64
  // GPU: ashlar.full {dtype = i32, shape = array<i64: 8>
  // CPU: ashlar.attention
  %y = ashlar.attention %q, %k, %v, %p, %n {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x1x16x256xbf16>, tensor<?x1x2x256xbf16>, tensor<?x1x2x256xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x16x256xbf16>
  return %y : tensor<1x1x16x256xbf16>
}

// A prompt of 512 tokens keeps all units busy.
// CHECK-LABEL: func.func @prefill
func.func @prefill(%q: tensor<1x512x8x64xbf16>, %k: tensor<?x1x2x64xbf16>, %v: tensor<?x1x2x64xbf16>, %p: tensor<1xi32>, %n: tensor<1xi32>) -> tensor<1x512x8x64xbf16> {
  // CHECK: ashlar.attention
  %y = ashlar.attention %q, %k, %v, %p, %n {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x512x8x64xbf16>, tensor<?x1x2x64xbf16>, tensor<?x1x2x64xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x512x8x64xbf16>
  return %y : tensor<1x512x8x64xbf16>
}

// The last piece is filled with values that lose every comparison.
// CHECK-LABEL: func.func @argmax
func.func @argmax(%x: tensor<1x9001xf32>) -> tensor<1xi32> {
  // CHECK: ashlar.pad {{.*}} {high = array<i64: 0, 8>, low = array<i64: 0, 0>, value = 0xFFF0000000000000
  // CHECK: %[[CUT:.*]] = ashlar.reshape {{.*}} -> tensor<1x9x1001xf32>
  // CHECK: %[[BEST:.*]] = ashlar.reduce_max %[[CUT]] {axes = array<i64: 2>
  // CHECK: %[[AT:.*]] = ashlar.argmax %[[CUT]] {axis = 2
  // CHECK: %[[PIECE:.*]] = ashlar.argmax %[[BEST]] {axis = 1
  // CHECK: ashlar.take_along_axis %[[AT]], %[[PIECE]]
  %y = ashlar.argmax %x {axis = 1 : i64, keepdims = false} : (tensor<1x9001xf32>) -> tensor<1xi32>
  return %y : tensor<1xi32>
}

// CHECK-LABEL: func.func @sum
func.func @sum(%x: tensor<2x16384xf32>) -> tensor<2x1xf32> {
  // CHECK: ashlar.reduce_sum {{.*}} -> tensor<2x16xf32>
  // CHECK: ashlar.reduce_sum {{.*}} -> tensor<2xf32>
  // CHECK: ashlar.reshape {{.*}} -> tensor<2x1xf32>
  %y = ashlar.reduce_sum %x {axes = array<i64: 1>, keepdims = true} : (tensor<2x16384xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// Partial sums are f32: the result rounds once. A maximum rounds nothing.
// CHECK-LABEL: func.func @narrow_sum
func.func @narrow_sum(%x: tensor<1x16384xbf16>) -> (tensor<1xbf16>, tensor<1xbf16>) {
  // CHECK: ashlar.cast {{.*}} -> tensor<1x16x1024xf32>
  // CHECK: ashlar.reduce_sum {{.*}} -> tensor<1x16xf32>
  // CHECK: %[[SUM:.*]] = ashlar.reduce_sum {{.*}} -> tensor<1xf32>
  // CHECK: ashlar.cast %[[SUM]] {{.*}} -> tensor<1xbf16>
  %y = ashlar.reduce_sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<1x16384xbf16>) -> tensor<1xbf16>
  // CHECK-NOT: ashlar.cast
  // CHECK: ashlar.reduce_max {{.*}} -> tensor<1x16xbf16>
  %z = ashlar.reduce_max %x {axes = array<i64: 1>, keepdims = false} : (tensor<1x16384xbf16>) -> tensor<1xbf16>
  // CHECK: return
  return %y, %z : tensor<1xbf16>, tensor<1xbf16>
}

// A device that ends loops gets a long K in pieces; the result rounds once.
// CHECK-LABEL: func.func @long_k
func.func @long_k(%x: tensor<2x3x70001xbf16>, %w: tensor<5x70001xbf16>, %v: tensor<2x70001x5xbf16>) -> (tensor<2x3x5xbf16>, tensor<2x3x5xbf16>) {
  // GPU-NEXT: ashlar.matmul
  // GPU-NEXT: ashlar.matmul
  // CPU: ashlar.matmul {{.*}} (tensor<9x6x7778xbf16>, tensor<9x5x7778xbf16>) -> tensor<9x6x5xf32>
  // CPU: ashlar.reduce_sum {{.*}} (tensor<1x9x6x5xf32>) -> tensor<1x6x5xf32>
  // CPU: ashlar.cast {{.*}} -> tensor<1x6x5xbf16>
  // CPU: ashlar.matmul {{.*}} (tensor<18x3x7778xbf16>, tensor<18x7778x5xbf16>) -> tensor<18x3x5xf32>
  %y = ashlar.matmul %x, %w {transpose_rhs = true, dtype = bf16} : (tensor<2x3x70001xbf16>, tensor<5x70001xbf16>) -> tensor<2x3x5xbf16>
  %z = ashlar.matmul %x, %v {transpose_rhs = false, dtype = bf16} : (tensor<2x3x70001xbf16>, tensor<2x70001x5xbf16>) -> tensor<2x3x5xbf16>
  // CHECK: return
  return %y, %z : tensor<2x3x5xbf16>, tensor<2x3x5xbf16>
}

// Short rows and many rows stay whole.
// CHECK-LABEL: func.func @whole
func.func @whole(%x: tensor<2x4096xf32>, %z: tensor<512x16384xf32>) -> (tensor<2xf32>, tensor<512xf32>) {
  // CHECK-NEXT: ashlar.reduce_sum
  // CHECK-NEXT: ashlar.reduce_sum
  // CHECK-NEXT: return
  %y = ashlar.reduce_sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<2x4096xf32>) -> tensor<2xf32>
  %w = ashlar.reduce_sum %z {axes = array<i64: 1>, keepdims = false} : (tensor<512x16384xf32>) -> tensor<512xf32>
  return %y, %w : tensor<2xf32>, tensor<512xf32>
}
