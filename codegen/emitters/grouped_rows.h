// SPDX-License-Identifier: Apache-2.0
// The sides of a kernel.grouped_matmul. Left are its rows in the order of their numbers, a tile of
// them at a time in workgroup memory: which they are, and which matrix each has. Right is the
// matrix of the run in progress.
#pragma once

#include "codegen/emitters/tile_product.h"
#include "ir/kernel_dialect.h"

namespace ashlar::codegen {

class GroupedRows {
public:
  GroupedRows(Elements& elements, kernel::GroupedMatmulOp root);

  // Takes workgroup memory for tiles of that many positions.
  void allocate(std::int64_t tile_m);
  // The tile that starts there; ends with a barrier. Positions behind the last row have the last.
  void load(Value first_m);

  TileSide left_side();
  TileSide right_side();
  void start_run(Value number) { matrix_ = b_.to_index(number); }

  // Of a position in the tile.
  Value row(Value tile_m) { return b_.to_index(b_.load(rows_, tile_m)); }
  Value number(Value tile_m) { return b_.load(numbers_, tile_m); }
  // Whether the number is not that of the position before it in the tile.
  Value starts_run(Value tile_m);
  // Of any position.
  Value tile_position(Value m) { return b_.sub(m, first_m_); }

private:
  Elements& e_;
  KernelBuilder& b_;
  kernel::GroupedMatmulOp root_;
  std::int64_t count_, matrices_, tile_m_ = 0;
  Value rows_, numbers_, first_m_, matrix_;
};

}  // namespace ashlar::codegen
