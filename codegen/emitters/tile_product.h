// SPDX-License-Identifier: Apache-2.0
// Products of two tiles: each thread computes a small block of a tile of the result. Any sides, any
// extents. With `tile_k` > 0 as many steps along K are staged in workgroup memory at once; with 0
// threads load what they multiply. Everything goes in packets, which are loaded, kept and loaded
// again together: a block costs few memory accesses.
#pragma once

#include "codegen/emitters/element.h"

#include <array>

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
  static constexpr std::int64_t kPacket = 4;

  // `k`: length of the products. `result`: their element type.
  TileProduct(Elements& elements, DType result, std::int64_t k);

  // From the kernel's schedule; reports one that does not fit.
  bool read_schedule();
  std::int64_t tile_m() const { return tile_m_; }
  std::int64_t tile_n() const { return tile_n_; }
  // Takes workgroup memory for both.
  void set_sides(TileSide left, TileSide right);

  // The sums of this thread's block of the tile at (first_m, first_n), in the order of
  // for_each_packet.
  Values multiply(Value first_m, Value first_n);
  Values zeros();
  // Calls `body` for each `width` (1, 2 or 4) adjacent columns of this thread's block with their
  // sums, from (m, n) of the tile on.
  void for_each_packet(ValueRange sums, std::int64_t width,
                       llvm::function_ref<void(Value m, Value n, ValueRange packet)> body);
  // Sums in the result's element type.
  Values rounded(ValueRange sums);

private:
  struct Tile {
    TileSide side;
    std::int64_t lines;
    std::int64_t width = kPacket;  // elements per load
    Value memory;
  };
  // Values of kPacket steps along K, each for the lines of a thread.
  using Lines = std::array<Values, kPacket>;

  Tile make_tile(TileSide side, std::int64_t lines);
  DType accumulator_dtype() const { return is_float(dtype_) ? DType::f32 : dtype_; }
  DType wide_integer() const;
  std::int64_t line_stride() const { return tile_k_ / kPacket + 1; }
  std::int64_t run_stride() const { return kPacket * line_stride() + 1; }
  Value place(const Tile& tile, Value run, Value k_packet, Value within) const;
  void load_tile(const Tile& tile, Value first_line, Value first_k);
  void load_packet(const Tile& tile, Value packet, Value first_line, Value first_k);
  Values read_packet(const Tile& tile, Value line, Value k);
  Values read_guarded(const Tile& tile, Value line, Value k);
  Lines gather_lines(const Tile& tile, Value thread, std::int64_t grid, std::int64_t block,
                     llvm::function_ref<Values(Value run, std::int64_t within)> packet);
  Lines load_lines(const Tile& tile, Value k_packet, Value thread, std::int64_t grid,
                   std::int64_t block);
  Lines read_lines(const Tile& tile, Value first_line, Value k, Value thread, std::int64_t grid,
                   std::int64_t block);
  Values multiply_lines(const Lines& left, const Lines& right, ValueRange sums);
  Value multiply_add(Value x, Value y, Value sum);

  Elements& e_;
  KernelBuilder& b_;
  DType dtype_;
  std::int64_t k_;
  std::int64_t tile_m_ = 0, tile_n_ = 0, tile_k_ = 0, block_m_ = 0, block_n_ = 0;
  std::int64_t grid_m_ = 0, grid_n_ = 0;
  bool staged_ = true;
  Tile left_, right_;
};

}  // namespace ashlar::codegen
