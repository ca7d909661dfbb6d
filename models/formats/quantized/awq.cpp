// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/layouts.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <array>

namespace ashlar::quantized {
namespace {

constexpr std::int64_t kBits = 4;
constexpr std::int64_t kPerWord = 32 / kBits;

std::uint32_t number_at(const StoredMatrix& words, std::int64_t row, std::int64_t column) {
  // Which nibble of a word holds which column.
  constexpr std::array<std::int64_t, kPerWord> kNibbles = {0, 4, 1, 5, 2, 6, 3, 7};
  const std::int64_t nibble = kNibbles[static_cast<std::size_t>(column % kPerWord)];
  return words.word(row, column / kPerWord) >> (kBits * nibble) & 15;
}

QuantizedMatrix read_module(const Checkpoint& checkpoint, const std::string& module,
                            const StoredMatrix& weight) {
  weight.require_matrix().require_type(StoredType::i32);
  const StoredMatrix scales = part_of(checkpoint, module, ".scales").require_floats();
  const StoredMatrix zeros = part_of(checkpoint, module, ".qzeros").require_type(StoredType::i32);
  StoredNumbers numbers{.rows = weight.columns() * kPerWord,
                        .columns = weight.rows(),
                        .bits = kBits,
                        .scale_dtype = float_type_of(scales)};
  if (scales.rows() == 0 || numbers.columns % scales.rows() != 0)
    throw FormatError("model", "tensor {}: {} groups for {} columns", in_quotes(scales.name()),
                      scales.rows(), numbers.columns);
  numbers.group_size = numbers.columns / scales.rows();
  scales.require_shape(scales.rows(), numbers.rows);
  zeros.require_shape(scales.rows(), weight.columns());
  numbers.word = [weight](std::int64_t row, std::int64_t word) {
    std::uint32_t packed = 0;
    for (std::int64_t i = 0; i < kPerWord; ++i)
      packed |= number_at(weight, word * kPerWord + i, row) << (kBits * i);
    return packed;
  };
  numbers.scale = [scales](std::int64_t row, std::int64_t group) {
    return scales.real(group, row);
  };
  numbers.zero = [zeros](std::int64_t row, std::int64_t group) {
    return std::int64_t{number_at(zeros, group, row)};
  };
  return make_affine(module, numbers);
}

}  // namespace

QuantizedMatrices read_awq(const Checkpoint& checkpoint) {
  QuantizedMatrices matrices;
  for (const auto& [module, weight] : tensors_with_suffix(checkpoint, ".qweight"))
    matrices.emplace(module, read_module(checkpoint, module, weight));
  return matrices;
}

}  // namespace ashlar::quantized
