// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/operand_tile.h"

#include "codegen/emitters/storage.h"
#include "ir/kernel_region.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr std::int64_t kPacket = MatrixUnit::kPacket;

Operation* unpacking_of(Value tensor) {
  Operation* op = tensor.getDefiningOp();
  return kernel::is_unpacking(op) ? op : nullptr;
}

}  // namespace

OperandTile::OperandTile(Elements& elements, TileSide side, DType dtype, std::int64_t k,
                         std::int64_t lines, std::int64_t tile_k)
    : e_(elements), b_(elements.builder()), side_(std::move(side)), dtype_(dtype), k_(k),
      lines_(lines), tile_k_(tile_k), run_(side_.packs_k ? tile_k : lines),
      runs_(side_.packs_k ? lines : tile_k), packed_(unpacking_of(side_.tensor)),
      piece_(packed_ ? kPackedBlock : kPacket), width_(kPacket) {
  while ((side_.packs_k ? k_ : side_.lines) % width_ != 0)
    width_ /= 2;
}

// ---- From buffers

std::int64_t OperandTile::turns() const {
  return (pieces() + b_.workgroup_size() - 1) / b_.workgroup_size();
}

Value OperandTile::piece_of(std::int64_t turn) const {
  return b_.add(b_.thread(), turn * b_.workgroup_size());
}

OperandTile::Position OperandTile::position(Value piece) const {
  return {b_.div(piece, run_ / piece_), b_.mul(b_.rem(piece, run_ / piece_), piece_)};
}

OperandTile::Loaded OperandTile::load(Value first_line, Value first_k) {
  Loaded loaded;
  for (std::int64_t turn = 0; turn < turns(); ++turn) {
    Value piece = piece_of(turn);
    if (pieces() % b_.workgroup_size() != 0)
      piece = b_.min(piece, b_.index(pieces() - 1));
    const auto [run, offset] = position(piece);
    const Value line = b_.add(first_line, side_.packs_k ? run : offset);
    const Value k = b_.add(first_k, side_.packs_k ? offset : run);
    if (packed_)
      loaded.emplace_back(load_packed(line, k));
    else
      loaded.emplace_back(load_packet(line, k));
  }
  return loaded;
}

// Lines beyond the last repeat it, for their results are not stored; elements beyond K are zeros.
Values OperandTile::load_packet(Value line, Value k) {
  const std::int64_t line_step = side_.packs_k ? 0 : width_;
  const std::int64_t k_step = side_.packs_k ? width_ : 0;
  const bool k_ends = k_ % tile_k_ != 0, lines_end = side_.lines % lines_ != 0;
  Values all;
  for (std::int64_t i = 0; i < kPacket / width_; ++i) {
    Value at_line = b_.add(line, i * line_step), at_k = b_.add(k, i * k_step);
    const Value inside = b_.less(at_k, k_);
    if (lines_end)
      at_line = b_.min(at_line, b_.index(side_.lines - std::max<std::int64_t>(line_step, 1)));
    if (k_ends)
      at_k = b_.min(at_k, b_.index(k_ - std::max<std::int64_t>(k_step, 1)));
    for (Value value : e_.at(side_.tensor, side_.at(at_line, at_k, width_)))
      all.push_back(k_ends ? b_.select(inside, value, b_.f32(0)) : value);
  }
  return pack_words(b_, dtype_, all);
}

PackedBlock OperandTile::load_packed(Value line, Value k) {
  if (side_.lines % lines_ != 0)
    line = b_.min(line, b_.index(side_.lines - 1));
  const Values index = side_.at(line, k, 1).index;
  const Value row = b_.linearize(ValueRange(index).drop_back(), shape_of(side_.tensor).drop_back());
  return load_block(b_, packed_, row, b_.div(k, kPackedBlock));
}

// ---- Into workgroup memory

void OperandTile::store(const Loaded& loaded, Value memory, Value first) {
  for (auto [i, one] : llvm::enumerate(loaded)) {
    const auto turn = static_cast<std::int64_t>(i);
    const Value piece = piece_of(turn);
    auto put = [&, &one = one] {
      const auto* block = std::get_if<PackedBlock>(&one);
      const Values words = block ? rounded_words(*block) : std::get<Values>(one);
      const auto [run, offset] = position(piece);
      const Value at = b_.add(b_.add(first, b_.mul(run, stride())), b_.div(offset, kPacket));
      for (std::size_t packet = 0; packet < words.size() / 4; ++packet)
        b_.store_vector(ValueRange(words).slice(4 * packet, 4), memory,
                        b_.add(at, static_cast<std::int64_t>(packet)));
    };
    const bool always = (turn + 1) * b_.workgroup_size() <= pieces();
    always ? put() : b_.if_then(b_.less(piece, pieces()), put);
  }
}

Values OperandTile::rounded_words(const PackedBlock& block) const {
  Values numbers = unpack_block(b_, block);
  for (Value& number : numbers)
    number = round_to(b_, dtype_, number);
  return pack_words(b_, dtype_, numbers);
}

MatrixUnit::Place OperandTile::matrix(Value memory, Value first, Value line, std::int64_t k) const {
  const Value at = side_.packs_k ? b_.add(b_.mul(line, stride()), k / kPacket)
                                 : b_.add(b_.div(line, kPacket), k * stride());
  return {memory, b_.add(first, at), stride()};
}

}  // namespace ashlar::codegen
