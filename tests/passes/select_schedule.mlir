// RUN: ashlar-opt %s --ashlar-select-schedule=profile=lavapipe | FileCheck %s --check-prefix=CPU
// RUN: ashlar-opt %s --ashlar-select-schedule=profile=nvidia-h200 | FileCheck %s --check-prefix=GPU

// CPU: kernel.fused "row"({{.*}}) inplace [-1] schedule <"row", {rows = {{[0-9]+}} : i64, width = 4 : i64, workgroup = {{[0-9]+}} : i64}>
// GPU: kernel.fused "row"({{.*}}) inplace [-1] schedule <"row", {rows = {{[0-9]+}} : i64, unroll = 4 : i64, width = 4 : i64, workgroup = {{[0-9]+}} : i64}>
func.func @row(%x: tensor<4x64xf32>) -> tensor<4xf32> {
  %y = kernel.fused "row"(%x) inplace [-1] : (tensor<4x64xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4x64xf32>):
    %0 = ashlar.reduce_sum %a {axes = array<i64: 1>, keepdims = false} : (tensor<4x64xf32>) -> tensor<4xf32>
    kernel.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// A schedule that is there already is kept.
// CPU: schedule <"elementwise", {width = 1 : i64, workgroup = 8 : i64}>
// GPU: schedule <"elementwise", {width = 1 : i64, workgroup = 8 : i64}>
func.func @kept(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = kernel.fused "elementwise"(%x) inplace [-1] schedule <"elementwise", {width = 1 : i64, workgroup = 8 : i64}> : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %0 = ashlar.exp %a : (tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %0 : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// Rows of 16-bit floats on cooperative matrices, where the device has them for that type.
// CPU: schedule <"matmul", {tile_k = 0 : i64, tile_m = 16 : i64, tile_n = 32 : i64, workgroup = 16 : i64}>
// GPU: schedule <"matmul_coop", {grid_m = 2 : i64, grid_n = 2 : i64, slots = 1 : i64, tile_k = 64 : i64, tile_m = 128 : i64, tile_n = 128 : i64, workgroup = 128 : i64}>
func.func @coop_matmul(%x: tensor<2048x512xbf16>, %w: tensor<4096x512xbf16>) -> tensor<2048x4096xbf16> {
  %y = kernel.fused "matmul"(%x, %w) inplace [-1] : (tensor<2048x512xbf16>, tensor<4096x512xbf16>) -> tensor<2048x4096xbf16> {
  ^bb0(%a: tensor<2048x512xbf16>, %b: tensor<4096x512xbf16>):
    %0 = ashlar.matmul %a, %b {transpose_rhs = true, dtype = bf16} : (tensor<2048x512xbf16>, tensor<4096x512xbf16>) -> tensor<2048x4096xbf16>
    kernel.yield %0 : tensor<2048x4096xbf16>
  }
  return %y : tensor<2048x4096xbf16>
}

// Packed rows too: here a tile per unit, shared by more subgroups, and K in blocks of 32.
// CPU: schedule <"matmul", {
// GPU: schedule <"matmul_coop", {grid_m = 2 : i64, grid_n = 4 : i64, slots = 1 : i64, tile_k = 32 : i64, tile_m = 128 : i64, tile_n = 128 : i64, workgroup = 256 : i64}>
func.func @packed_matmul(%x: tensor<512x96xbf16>, %w: tensor<4224x12xui32>, %s: tensor<4224x3xbf16>) -> tensor<512x4224xbf16> {
  %y = kernel.fused "matmul"(%x, %w, %s) inplace [-1] : (tensor<512x96xbf16>, tensor<4224x12xui32>, tensor<4224x3xbf16>) -> tensor<512x4224xbf16> {
  ^bb0(%a: tensor<512x96xbf16>, %b: tensor<4224x12xui32>, %c: tensor<4224x3xbf16>):
    %0 = ashlar.dequantize %b, %c, %c {bits = 4 : i64, group_size = 32 : i64, dtype = f32} : (tensor<4224x12xui32>, tensor<4224x3xbf16>, tensor<4224x3xbf16>) -> tensor<4224x96xf32>
    %1 = ashlar.matmul %a, %0 {transpose_rhs = true, dtype = bf16} : (tensor<512x96xbf16>, tensor<4224x96xf32>) -> tensor<512x4224xbf16>
    kernel.yield %1 : tensor<512x4224xbf16>
  }
  return %y : tensor<512x4224xbf16>
}

// f32 stays exact, with large tiles where they fill the device.
// CPU: schedule <"matmul", {
// GPU: schedule <"matmul", {tile_k = 32 : i64, tile_m = 64 : i64, tile_n = 64 : i64, workgroup = 64 : i64}>
func.func @large_f32_matmul(%x: tensor<1024x512xf32>, %w: tensor<1024x512xbf16>) -> tensor<1024x1024xf32> {
  %y = kernel.fused "matmul"(%x, %w) inplace [-1] : (tensor<1024x512xf32>, tensor<1024x512xbf16>) -> tensor<1024x1024xf32> {
  ^bb0(%a: tensor<1024x512xf32>, %b: tensor<1024x512xbf16>):
    %0 = ashlar.matmul %a, %b {transpose_rhs = true, dtype = f32} : (tensor<1024x512xf32>, tensor<1024x512xbf16>) -> tensor<1024x1024xf32>
    kernel.yield %0 : tensor<1024x1024xf32>
  }
  return %y : tensor<1024x1024xf32>
}

// CPU: schedule <"matmul", {
// GPU: schedule <"matmul", {tile_k = 16 : i64, tile_m = 32 : i64, tile_n = 32 : i64, workgroup = 64 : i64}>
func.func @f32_matmul(%x: tensor<64x512xf32>, %w: tensor<64x512xbf16>) -> tensor<64x64xf32> {
  %y = kernel.fused "matmul"(%x, %w) inplace [-1] : (tensor<64x512xf32>, tensor<64x512xbf16>) -> tensor<64x64xf32> {
  ^bb0(%a: tensor<64x512xf32>, %b: tensor<64x512xbf16>):
    %0 = ashlar.matmul %a, %b {transpose_rhs = true, dtype = f32} : (tensor<64x512xf32>, tensor<64x512xbf16>) -> tensor<64x64xf32>
    kernel.yield %0 : tensor<64x64xf32>
  }
  return %y : tensor<64x64xf32>
}

// On a GPU packed weights pass by a left side in registers, two workgroups for each unit. Activations
// of 16 bits are multiplied in pairs.
// CPU: schedule <"matvec", {lanes = 1 : i64, rows = 16 : i64, unroll = 1 : i64, width = 64 : i64, workgroup = 8 : i64}>
// GPU: schedule <"matvec_stationary", {batches = 3 : i64, halves = 1 : i64, lanes = 128 : i64, rows = 2 : i64, width = 32 : i64, workgroup = 512 : i64}>
func.func @packed_matvec(%x: tensor<1x4096xbf16>, %w: tensor<6144x512xui32>, %s: tensor<6144x64xbf16>, %b: tensor<6144x64xbf16>) -> tensor<1x6144xf32> {
  %y = kernel.fused "matvec"(%x, %w, %s, %b) inplace [-1] : (tensor<1x4096xbf16>, tensor<6144x512xui32>, tensor<6144x64xbf16>, tensor<6144x64xbf16>) -> tensor<1x6144xf32> {
  ^bb0(%a: tensor<1x4096xbf16>, %c: tensor<6144x512xui32>, %d: tensor<6144x64xbf16>, %e: tensor<6144x64xbf16>):
    %0 = ashlar.dequantize %c, %d, %e {bits = 4 : i64, group_size = 64 : i64, dtype = bf16} : (tensor<6144x512xui32>, tensor<6144x64xbf16>, tensor<6144x64xbf16>) -> tensor<6144x4096xbf16>
    %1 = ashlar.matmul %a, %0 {transpose_rhs = true, dtype = f32} : (tensor<1x4096xbf16>, tensor<6144x4096xbf16>) -> tensor<1x6144xf32>
    kernel.yield %1 : tensor<1x6144xf32>
  }
  return %y : tensor<1x6144xf32>
}

// Plain ones where the left side is only read, and not for many of its rows.
// CPU: schedule <"matvec", {
// GPU: schedule <"matvec_stationary", {batches = 1 : i64, lanes = 64 : i64, rows = 1 : i64, width = 8 : i64, workgroup = 512 : i64}>
func.func @read_left(%x: tensor<1x2048xbf16>, %w: tensor<2048x2048xbf16>) -> tensor<1x2048xbf16> {
  %y = kernel.fused "matvec"(%x, %w) inplace [-1] : (tensor<1x2048xbf16>, tensor<2048x2048xbf16>) -> tensor<1x2048xbf16> {
  ^bb0(%a: tensor<1x2048xbf16>, %b: tensor<2048x2048xbf16>):
    %0 = ashlar.matmul %a, %b {transpose_rhs = true, dtype = bf16} : (tensor<1x2048xbf16>, tensor<2048x2048xbf16>) -> tensor<1x2048xbf16>
    kernel.yield %0 : tensor<1x2048xbf16>
  }
  return %y : tensor<1x2048xbf16>
}

// GPU: schedule <"matvec", {
func.func @many_left_rows(%x: tensor<4x2048xbf16>, %w: tensor<2048x2048xbf16>) -> tensor<4x2048xbf16> {
  %y = kernel.fused "matvec"(%x, %w) inplace [-1] : (tensor<4x2048xbf16>, tensor<2048x2048xbf16>) -> tensor<4x2048xbf16> {
  ^bb0(%a: tensor<4x2048xbf16>, %b: tensor<2048x2048xbf16>):
    %0 = ashlar.matmul %a, %b {transpose_rhs = true, dtype = bf16} : (tensor<4x2048xbf16>, tensor<2048x2048xbf16>) -> tensor<4x2048xbf16>
    kernel.yield %0 : tensor<4x2048xbf16>
  }
  return %y : tensor<4x2048xbf16>
}

// Behind a norm: large workgroups, almost two for each of 132 units, and of the ten steps over K as
// many at once as leave no rest. A CPU computes the left side where it is used, and reads long rows
// with all lanes of a subgroup.
// CPU: schedule <"matvec", {lanes = 8 : i64, rows = 8 : i64, staged = 0 : i64, unroll = 1 : i64, width = 8 : i64, workgroup = 8 : i64}>
// GPU: schedule <"matvec", {lanes = 32 : i64, rows = 1 : i64, unroll = 5 : i64, width = 8 : i64, workgroup = 512 : i64}>
func.func @norm_matvec(%x: tensor<1x2560xbf16>, %w: tensor<4096x2560xbf16>) -> tensor<1x4096xbf16> {
  %y = kernel.fused "matvec"(%x, %w) inplace [-1] : (tensor<1x2560xbf16>, tensor<4096x2560xbf16>) -> tensor<1x4096xbf16> {
  ^bb0(%a: tensor<1x2560xbf16>, %b: tensor<4096x2560xbf16>):
    %0 = ashlar.reduce_max %a {axes = array<i64: 1>, keepdims = true} : (tensor<1x2560xbf16>) -> tensor<1x1xbf16>
    %1 = ashlar.broadcast %0 {shape = array<i64: 1, 2560>} : (tensor<1x1xbf16>) -> tensor<1x2560xbf16>
    %2 = ashlar.div %a, %1 : (tensor<1x2560xbf16>, tensor<1x2560xbf16>) -> tensor<1x2560xbf16>
    %3 = ashlar.matmul %2, %b {transpose_rhs = true, dtype = bf16} : (tensor<1x2560xbf16>, tensor<4096x2560xbf16>) -> tensor<1x4096xbf16>
    kernel.yield %3 : tensor<1x4096xbf16>
  }
  return %y : tensor<1x4096xbf16>
}

// Fewer at once where groups of lanes have several rows.
// GPU: schedule <"matvec", {lanes = 32 : i64, rows = 1 : i64, unroll = 2 : i64, width = 8 : i64, workgroup = 512 : i64}>
func.func @norm_matvec_of_many_rows(%x: tensor<1x2560xbf16>, %w: tensor<8192x2560xbf16>) -> tensor<1x8192xbf16> {
  %y = kernel.fused "matvec"(%x, %w) inplace [-1] : (tensor<1x2560xbf16>, tensor<8192x2560xbf16>) -> tensor<1x8192xbf16> {
  ^bb0(%a: tensor<1x2560xbf16>, %b: tensor<8192x2560xbf16>):
    %0 = ashlar.reduce_max %a {axes = array<i64: 1>, keepdims = true} : (tensor<1x2560xbf16>) -> tensor<1x1xbf16>
    %1 = ashlar.broadcast %0 {shape = array<i64: 1, 2560>} : (tensor<1x1xbf16>) -> tensor<1x2560xbf16>
    %2 = ashlar.div %a, %1 : (tensor<1x2560xbf16>, tensor<1x2560xbf16>) -> tensor<1x2560xbf16>
    %3 = ashlar.matmul %2, %b {transpose_rhs = true, dtype = bf16} : (tensor<1x2560xbf16>, tensor<8192x2560xbf16>) -> tensor<1x8192xbf16>
    kernel.yield %3 : tensor<1x8192xbf16>
  }
  return %y : tensor<1x8192xbf16>
}

// Many short rows for few lanes of a CPU.
// CPU: schedule <"matvec", {lanes = 2 : i64, rows = 16 : i64, unroll = 1 : i64, width = 8 : i64, workgroup = 8 : i64}>
func.func @short_rows(%x: tensor<1x512xbf16>, %w: tensor<2048x512xbf16>) -> tensor<1x2048xbf16> {
  %y = kernel.fused "matvec"(%x, %w) inplace [-1] : (tensor<1x512xbf16>, tensor<2048x512xbf16>) -> tensor<1x2048xbf16> {
  ^bb0(%a: tensor<1x512xbf16>, %b: tensor<2048x512xbf16>):
    %0 = ashlar.matmul %a, %b {transpose_rhs = true, dtype = bf16} : (tensor<1x512xbf16>, tensor<2048x512xbf16>) -> tensor<1x2048xbf16>
    kernel.yield %0 : tensor<1x2048xbf16>
  }
  return %y : tensor<1x2048xbf16>
}

// One step: few rows for each workgroup.
// CPU: schedule <"attention", {{.*}}lanes = 8 : i64, rows = 4 : i64, {{.*}}workgroup = 32 : i64
// GPU: schedule <"attention", {{.*}}rows = 2 : i64
func.func @wide_heads(%q: tensor<1x1x16x256xbf16>, %k: tensor<?x1x2x256xbf16>, %v: tensor<?x1x2x256xbf16>, %p: tensor<1xi32>, %l: tensor<1xi32>) -> tensor<1x1x16x256xbf16> {
  %y = kernel.fused "attention"(%q, %k, %v, %p, %l) inplace [-1] : (tensor<1x1x16x256xbf16>, tensor<?x1x2x256xbf16>, tensor<?x1x2x256xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x16x256xbf16> {
  ^bb0(%a: tensor<1x1x16x256xbf16>, %b: tensor<?x1x2x256xbf16>, %c: tensor<?x1x2x256xbf16>, %d: tensor<1xi32>, %e: tensor<1xi32>):
    %0 = ashlar.attention %a, %b, %c, %d, %e {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x1x16x256xbf16>, tensor<?x1x2x256xbf16>, tensor<?x1x2x256xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x16x256xbf16>
    kernel.yield %0 : tensor<1x1x16x256xbf16>
  }
  return %y : tensor<1x1x16x256xbf16>
}

// Where splits are many enough, a tile's rows are dealt out while keys are few.
// CPU: schedule <"attention", {keys = 1 : i64, lanes = 8 : i64, rows = 4 : i64, split_keys = 128 : i64, splits = 4 : i64
// GPU: schedule <"attention", {dealt_keys = 2 : i64, dealt_rows = 1 : i64, keys = 2 : i64, lanes = 16 : i64, rows = 4 : i64, split_keys = 128 : i64, splits = 4 : i64, workgroup = 512 : i64}>
func.func @dealt_rows(%q: tensor<1x1x32x128xbf16>, %k: tensor<?x1x8x128xbf16>, %v: tensor<?x1x8x128xbf16>, %p: tensor<1xi32>, %l: tensor<1xi32>) -> tensor<1x1x32x4x130xf32> {
  %y = kernel.fused "attention"(%q, %k, %v, %p, %l) inplace [-1] : (tensor<1x1x32x128xbf16>, tensor<?x1x8x128xbf16>, tensor<?x1x8x128xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x32x4x130xf32> {
  ^bb0(%a: tensor<1x1x32x128xbf16>, %b: tensor<?x1x8x128xbf16>, %c: tensor<?x1x8x128xbf16>, %d: tensor<1xi32>, %e: tensor<1xi32>):
    %0 = kernel.attention_partial %a, %b, %c, %d, %e {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64, splits = 4 : i64} : (tensor<1x1x32x128xbf16>, tensor<?x1x8x128xbf16>, tensor<?x1x8x128xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x32x4x130xf32>
    kernel.yield %0 : tensor<1x1x32x4x130xf32>
  }
  return %y : tensor<1x1x32x4x130xf32>
}

// Three splits are too few for the four rows of a tile.
// CPU: schedule <"attention", {
// GPU: schedule <"attention", {keys = 2 : i64, lanes = 16 : i64, rows = 4 : i64, split_keys = 128 : i64, splits = 3 : i64
func.func @whole_tiles(%q: tensor<1x1x32x128xbf16>, %k: tensor<?x1x8x128xbf16>, %v: tensor<?x1x8x128xbf16>, %p: tensor<1xi32>, %l: tensor<1xi32>) -> tensor<1x1x32x3x130xf32> {
  %y = kernel.fused "attention"(%q, %k, %v, %p, %l) inplace [-1] : (tensor<1x1x32x128xbf16>, tensor<?x1x8x128xbf16>, tensor<?x1x8x128xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x32x3x130xf32> {
  ^bb0(%a: tensor<1x1x32x128xbf16>, %b: tensor<?x1x8x128xbf16>, %c: tensor<?x1x8x128xbf16>, %d: tensor<1xi32>, %e: tensor<1xi32>):
    %0 = kernel.attention_partial %a, %b, %c, %d, %e {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64, splits = 3 : i64} : (tensor<1x1x32x128xbf16>, tensor<?x1x8x128xbf16>, tensor<?x1x8x128xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x1x32x3x130xf32>
    kernel.yield %0 : tensor<1x1x32x3x130xf32>
  }
  return %y : tensor<1x1x32x3x130xf32>
}

// Many query positions: 64 rows, four heads of a group and 16 positions.
// CPU: schedule <"attention", {
// GPU: schedule <"attention_coop", {keys = 32 : i64, workgroup = 128 : i64}>
func.func @coop_attention(%q: tensor<1x256x32x128xbf16>, %k: tensor<?x1x8x128xbf16>, %v: tensor<?x1x8x128xbf16>, %p: tensor<1xi32>, %l: tensor<1xi32>) -> tensor<1x256x32x128xbf16> {
  %y = kernel.fused "attention"(%q, %k, %v, %p, %l) inplace [-1] : (tensor<1x256x32x128xbf16>, tensor<?x1x8x128xbf16>, tensor<?x1x8x128xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x256x32x128xbf16> {
  ^bb0(%a: tensor<1x256x32x128xbf16>, %b: tensor<?x1x8x128xbf16>, %c: tensor<?x1x8x128xbf16>, %d: tensor<1xi32>, %e: tensor<1xi32>):
    %0 = ashlar.attention %a, %b, %c, %d, %e {scale = 0.125 : f64, causal = true, window = 0 : i64, softcap = 0.0 : f64, ring = 0 : i64} : (tensor<1x256x32x128xbf16>, tensor<?x1x8x128xbf16>, tensor<?x1x8x128xbf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x256x32x128xbf16>
    kernel.yield %0 : tensor<1x256x32x128xbf16>
  }
  return %y : tensor<1x256x32x128xbf16>
}

// The first few of a short line are picked by one subgroup.
// CPU: schedule <"sort", {workgroup = 64 : i64}>
// GPU: schedule <"sort", {workgroup = 32 : i64}>
func.func @choice(%x: tensor<4x128xf32>) -> tensor<4x8xi32> {
  %y = kernel.fused "sort"(%x) inplace [-1] : (tensor<4x128xf32>) -> tensor<4x8xi32> {
  ^bb0(%a: tensor<4x128xf32>):
    %0 = ashlar.topk_indices %a {axis = 1, k = 8} : (tensor<4x128xf32>) -> tensor<4x8xi32>
    kernel.yield %0 : tensor<4x8xi32>
  }
  return %y : tensor<4x8xi32>
}

// 16-bit floats are multiplied on cooperative matrices, in tiles as high as a matrix has rows.
// CPU: schedule <"grouped_matmul", {
// GPU: schedule <"grouped_matmul_coop", {grid_m = 1 : i64, grid_n = 4 : i64, slots = 1 : i64, tile_k = 64 : i64, tile_m = 32 : i64, tile_n = 128 : i64, workgroup = 128 : i64}>
func.func @experts(%x: tensor<128x64xbf16>, %w: tensor<4x96x64xbf16>, %ids: tensor<128xi32>, %order: tensor<128xi32>) -> tensor<128x96xbf16> {
  %y = kernel.fused "grouped_matmul"(%x, %w, %ids, %order) inplace [-1] : (tensor<128x64xbf16>, tensor<4x96x64xbf16>, tensor<128xi32>, tensor<128xi32>) -> tensor<128x96xbf16> {
  ^bb0(%a: tensor<128x64xbf16>, %b: tensor<4x96x64xbf16>, %c: tensor<128xi32>, %d: tensor<128xi32>):
    %0 = kernel.grouped_matmul %a, %b, %c, %d {transpose_rhs = true} : (tensor<128x64xbf16>, tensor<4x96x64xbf16>, tensor<128xi32>, tensor<128xi32>) -> tensor<128x96xbf16>
    kernel.yield %0 : tensor<128x96xbf16>
  }
  return %y : tensor<128x96xbf16>
}

// Rows for experts, in order: all of them in the memory of a workgroup, which has the device for itself.
// CPU: schedule <"sort", {workgroup = 64 : i64}>
// GPU: schedule <"sort", {entries = 4096 : i64, workgroup = 1024 : i64}>
func.func @rows_in_order(%x: tensor<4096xi32>) -> tensor<4096xi32> {
  %y = kernel.fused "sort"(%x) inplace [-1] : (tensor<4096xi32>) -> tensor<4096xi32> {
  ^bb0(%a: tensor<4096xi32>):
    %s = ashlar.argsort %a {axis = 0 : i64, descending = false} : (tensor<4096xi32>) -> tensor<4096xi32>
    kernel.yield %s : tensor<4096xi32>
  }
  return %y : tensor<4096xi32>
}
