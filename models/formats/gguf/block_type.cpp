// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/block_type.h"

#include <algorithm>
#include <array>

namespace ashlar::gguf {
namespace {

struct Row {
  BlockType type;
  std::string_view name;
  std::int64_t elements, bytes;
};

constexpr std::array kRows = {
    Row{BlockType::f32, "F32", 1, 4},
    Row{BlockType::f16, "F16", 1, 2},
    Row{BlockType::q4_0, "Q4_0", 32, 18},
    Row{BlockType::q4_1, "Q4_1", 32, 20},
    Row{BlockType::q5_0, "Q5_0", 32, 22},
    Row{BlockType::q5_1, "Q5_1", 32, 24},
    Row{BlockType::q8_0, "Q8_0", 32, 34},
    Row{BlockType::q8_1, "Q8_1", 32, 36},
    Row{BlockType::q2_k, "Q2_K", 256, 84},
    Row{BlockType::q3_k, "Q3_K", 256, 110},
    Row{BlockType::q4_k, "Q4_K", 256, 144},
    Row{BlockType::q5_k, "Q5_K", 256, 176},
    Row{BlockType::q6_k, "Q6_K", 256, 210},
    Row{BlockType::q8_k, "Q8_K", 256, 292},
    Row{BlockType::iq2_xxs, "IQ2_XXS", 256, 66},
    Row{BlockType::iq2_xs, "IQ2_XS", 256, 74},
    Row{BlockType::iq3_xxs, "IQ3_XXS", 256, 98},
    Row{BlockType::iq1_s, "IQ1_S", 256, 50},
    Row{BlockType::iq4_nl, "IQ4_NL", 32, 18},
    Row{BlockType::iq3_s, "IQ3_S", 256, 110},
    Row{BlockType::iq2_s, "IQ2_S", 256, 82},
    Row{BlockType::iq4_xs, "IQ4_XS", 256, 136},
    Row{BlockType::i8, "I8", 1, 1},
    Row{BlockType::i16, "I16", 1, 2},
    Row{BlockType::i32, "I32", 1, 4},
    Row{BlockType::i64, "I64", 1, 8},
    Row{BlockType::f64, "F64", 1, 8},
    Row{BlockType::iq1_m, "IQ1_M", 256, 56},
    Row{BlockType::bf16, "BF16", 1, 2},
    Row{BlockType::tq1_0, "TQ1_0", 256, 54},
    Row{BlockType::tq2_0, "TQ2_0", 256, 66},
    Row{BlockType::mxfp4, "MXFP4", 32, 17},
    Row{BlockType::nvfp4, "NVFP4", 64, 36},
    Row{BlockType::q1_0, "Q1_0", 128, 18},
    Row{BlockType::q2_0, "Q2_0", 64, 18},
};

const Row& row(BlockType type) {
  return *std::ranges::find(kRows, type, &Row::type);
}

}  // namespace

std::optional<BlockType> find_block_type(std::uint32_t number) {
  const auto found = std::ranges::find(kRows, static_cast<BlockType>(number), &Row::type);
  return found == kRows.end() ? std::nullopt : std::optional(found->type);
}

std::string_view name_of(BlockType type) {
  return row(type).name;
}

std::int64_t block_elements(BlockType type) {
  return row(type).elements;
}

std::int64_t block_bytes(BlockType type) {
  return row(type).bytes;
}

std::optional<std::uint64_t> stored_bytes(BlockType type, const Shape& shape) {
  constexpr std::int64_t kMaxBytes = std::int64_t{1} << 60;
  // An empty tensor may still carry huge dimensions, which would overflow in later products.
  std::int64_t bytes = block_bytes(type);
  bool empty = false;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool last = axis == shape.rank() - 1;
    const std::int64_t dim = shape.dim(axis), block = last ? block_elements(type) : 1;
    empty = empty || dim == 0;
    const auto product = checked_mul(bytes, dim == 0 ? 1 : dim / block);
    if (dim < 0 || dim % block != 0 || !product || *product > kMaxBytes)
      return std::nullopt;
    bytes = *product;
  }
  if (shape.rank() == 0 && block_elements(type) != 1)
    return std::nullopt;
  return empty ? 0 : static_cast<std::uint64_t>(bytes);
}

}  // namespace ashlar::gguf
