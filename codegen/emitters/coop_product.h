// SPDX-License-Identifier: Apache-2.0
// Products of two tiles on cooperative matrices, of 16-bit floats, or of such floats and packed
// weights. A workgroup computes a tile of the result; each of its grid_m x grid_n subgroups holds
// a part of it as 16x16 matrices. Tiles of the operands go from buffers through registers into
// workgroup memory while the tiles before them are multiplied. Results return through workgroup
// memory, where each has a known place.
#pragma once

#include "codegen/emitters/operand_tile.h"

namespace ashlar::codegen {

class CoopProduct {
public:
  // Sides of `dtype`, or packed, `k` elements long. The tile is the schedule's: tile_m, tile_n,
  // tile_k, grid_m, grid_n, slots (tiles that workgroup memory holds).
  CoopProduct(Elements& elements, TileSide left, TileSide right, DType dtype, std::int64_t k);

  // Takes workgroup memory. Reports a schedule or a device that does not fit.
  bool prepare();
  std::int64_t tile_m() const { return tile_.m; }
  std::int64_t tile_n() const { return tile_.n; }

  // The tile that the following is about.
  void place(Value first_m, Value first_n);
  // The sums of its products. No thread may still use the workgroup memory of a product before it.
  Values multiply();
  // Calls `body` for packets of `width` sums in row `m` from column `n` on, those of the result
  // alone. The width divides the columns and is at most MatrixUnit::kSumPacket.
  using PacketBody = llvm::function_ref<void(Value m, Value n, const Values& sums)>;
  void for_each_packet(ValueRange sums, std::int64_t width, PacketBody body);

private:
  struct Tile {
    std::int64_t m, n, k;
    std::int64_t grid_m, grid_n;  // subgroups
    std::int64_t slots;

    explicit Tile(kernel::ScheduleAttr schedule);
    bool is_valid(std::int64_t subgroups) const;
    // Matrices that a subgroup holds.
    std::int64_t rows() const { return m / grid_m / MatrixUnit::kSize; }
    std::int64_t columns() const { return n / grid_n / MatrixUnit::kSize; }
  };
  struct Loaded {
    OperandTile::Loaded left, right;
  };

  void allocate();
  Loaded load_both(Value first_k);
  void store_both(const Loaded& loaded, Value slot);
  Value right_of(Value slot) { return b_.add(slot, left_.size()); }
  Value slot_of(Value tile);
  Values zeros();
  Values multiply_tile(Value slot, ValueRange carried);
  void multiply_step(Value slot, std::int64_t k, Values& sums);
  Value band() { return b_.mul(subgroup_, MatrixUnit::kSize * band_stride_); }
  void put_band(ValueRange sums, std::int64_t row, std::int64_t column);
  void take_band(std::int64_t first_row, std::int64_t first_column, std::int64_t width,
                 PacketBody body);
  Values band_sums(Value row, Value column, std::int64_t width);

  KernelBuilder& b_;
  Tile tile_;
  std::int64_t m_, n_, k_;  // extents of the result, length of the products
  std::int64_t threads_;
  DType dtype_;
  OperandTile left_, right_;
  std::unique_ptr<MatrixUnit> unit_;
  std::int64_t slot_size_ = 0, band_columns_ = 1, band_stride_ = 1;
  Value memory_, first_m_, first_n_, subgroup_, part_m_, part_n_;
};

}  // namespace ashlar::codegen
