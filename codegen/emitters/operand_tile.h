// SPDX-License-Identifier: Apache-2.0
// The tile of one operand of a product on cooperative matrices, on its way from buffers through
// registers into workgroup memory: `lines` rows of the left side or columns of the right side,
// tile_k elements of K each. In workgroup memory adjacent elements are those that are adjacent in
// the buffer, and each run of them is padded by a packet, so that the rows of a matrix start in
// different banks. Packed weights stay packed until they are stored; then each is rounded to the
// operands' type.
#pragma once

#include "codegen/emitters/matrix_unit.h"
#include "codegen/emitters/packed_dot.h"
#include "codegen/emitters/tile_product.h"

#include <variant>

namespace ashlar::codegen {

class OperandTile {
public:
  // `k`: length of the products.
  OperandTile(Elements& elements, TileSide side, DType dtype, std::int64_t k, std::int64_t lines,
              std::int64_t tile_k);

  // Whether its tiles consist of whole blocks, where there are any.
  bool divides() const { return !packed_ || (tile_k_ % kPackedBlock == 0 && k_ % tile_k_ == 0); }
  // Packets of workgroup memory.
  std::int64_t size() const { return runs_ * stride(); }

  // What this thread loads: the words of a packet, or a block, for each of its turns.
  using Loaded = llvm::SmallVector<std::variant<Values, PackedBlock>>;
  Loaded load(Value first_line, Value first_k);
  void store(const Loaded& loaded, Value memory, Value first);

  // The matrix that starts at this line and k, of the tile at `first`.
  MatrixUnit::Place matrix(Value memory, Value first, Value line, std::int64_t k) const;
  // Whether its rows go along K.
  bool packs_k() const { return side_.packs_k; }

private:
  struct Position {
    Value run, offset;  // of elements in the run
  };
  Position position(Value piece) const;
  std::int64_t pieces() const { return runs_ * run_ / piece_; }
  std::int64_t turns() const;
  Value piece_of(std::int64_t turn) const;
  Values load_packet(Value line, Value k);
  PackedBlock load_packed(Value line, Value k);
  Values rounded_words(const PackedBlock& block) const;
  std::int64_t stride() const { return run_ / MatrixUnit::kPacket + 1; }

  Elements& e_;
  KernelBuilder& b_;
  TileSide side_;
  DType dtype_;
  std::int64_t k_, lines_, tile_k_;
  std::int64_t run_, runs_;  // elements of one, and how many
  mlir::Operation* packed_;  // unpacks the side's tensor, or null
  std::int64_t piece_;       // elements that a thread takes at once
  std::int64_t width_;       // elements per load, of plain ones
};

}  // namespace ashlar::codegen
