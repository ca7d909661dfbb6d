// SPDX-License-Identifier: Apache-2.0
// Products of two tiles through workgroup memory: each thread computes a small block of a tile of
// the result, whose rows and columns lie one thread grid apart. Any sides, any extents.
#pragma once

#include "codegen/emitters/element.h"

namespace ashlar::codegen {

// What is multiplied: `lines` are rows of the left side or columns of the right side.
struct TileSide {
  Value tensor;
  std::int64_t lines;  // in all
  bool packs_k;        // whether adjacent elements in memory run along K
  // `width` elements from (line, k) on, along K or along the lines.
  std::function<Point(Value line, Value k, std::int64_t width)> at;
};

class TileProduct {
public:
  // `k`: length of the products. `result`: their element type.
  TileProduct(Elements& elements, DType result, std::int64_t k);

  // From the kernel's schedule; reports one that does not fit.
  bool read_schedule();
  std::int64_t tile_m() const { return tile_m_; }
  std::int64_t tile_n() const { return tile_n_; }
  // Takes workgroup memory for both.
  void set_sides(TileSide left, TileSide right);

  // The sums of this thread's block of the tile at (first_m, first_n), in the order of
  // for_each_element.
  Values multiply(Value first_m, Value first_n);
  Values zeros();
  // Calls `body` for each element (m, n) of this thread's block, with its place in the tile.
  void for_each_element(llvm::function_ref<void(std::size_t i, Value m, Value n)> body);
  // A sum in the result's element type.
  Value rounded(Value sum);

private:
  struct Tile {
    TileSide side;
    std::int64_t lines;
    std::int64_t width = 4;  // elements per load
    Value memory;
  };
  Tile make_tile(TileSide side, std::int64_t lines);
  DType accumulator_dtype() const { return is_float(dtype_) ? DType::f32 : dtype_; }
  DType wide_integer() const;
  void load_tile(const Tile& tile, Value first_line, Value first_k);
  void load_packet_of(const Tile& tile, Value packet, Value first_line, Value first_k);
  Values guarded(const Tile& tile, Value line, Value k);
  Values load_line(const Tile& tile, Value k, Value thread, std::int64_t grid, std::int64_t block);
  Values multiply_line(Value k, Value thread_m, Value thread_n, ValueRange sums);
  Value multiply_add(Value x, Value y, Value sum);

  Elements& e_;
  KernelBuilder& b_;
  DType dtype_;
  std::int64_t k_;
  std::int64_t tile_m_ = 0, tile_n_ = 0, tile_k_ = 0, block_m_ = 0, block_n_ = 0;
  std::int64_t grid_m_ = 0, grid_n_ = 0;
  Tile left_, right_;
};

}  // namespace ashlar::codegen
