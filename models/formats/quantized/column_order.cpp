// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/column_order.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ashlar::quantized {
namespace {

using Word = decltype(StoredNumbers::word);

// Number `k` of a row that is a stream of bits; it may straddle two words.
std::uint32_t number_at(const Word& word, std::int64_t row, std::int64_t k, std::int64_t bits) {
  const std::int64_t bit = k * bits, offset = bit % 32;
  std::uint64_t pair = word(row, bit / 32);
  if (offset + bits > 32)
    pair |= std::uint64_t{word(row, bit / 32 + 1)} << 32;
  return static_cast<std::uint32_t>(pair >> offset) & ((1u << bits) - 1);
}

// Word `at` of a row whose column k is column order[k] of `word`.
std::uint32_t sorted_word(const Word& word, const std::vector<std::int32_t>& order,
                          std::int64_t row, std::int64_t at, std::int64_t bits) {
  std::uint64_t packed = 0;
  for (std::int64_t k = at * 32 / bits; k * bits < (at + 1) * 32; ++k) {
    const std::uint64_t number = number_at(word, row, order[static_cast<std::size_t>(k)], bits);
    const std::int64_t shift = k * bits - at * 32;
    packed |= shift < 0 ? number >> -shift : number << shift;
  }
  return static_cast<std::uint32_t>(packed);
}

}  // namespace

void sort_columns(const StoredMatrix& groups, StoredNumbers& numbers) {
  groups.require_type(StoredType::i32).require_shape(numbers.columns, 1);
  const auto group_of = [&](std::int32_t column) { return groups.integer(column, 0); };
  std::vector<std::int32_t> order(static_cast<std::size_t>(numbers.columns));
  std::iota(order.begin(), order.end(), 0);
  const bool in_order = std::ranges::is_sorted(order, {}, group_of);
  std::ranges::sort(order, {},
                    [&](std::int32_t column) { return std::pair(group_of(column), column); });
  for (std::int64_t k = 0; k < std::ssize(order); ++k)
    if (group_of(order[static_cast<std::size_t>(k)]) != k / numbers.group_size)
      throw FormatError("model", "tensor {}: expected {} columns in each group",
                        in_quotes(groups.name()), numbers.group_size);
  if (in_order)
    return;
  numbers.word = [word = std::move(numbers.word), order, bits = numbers.bits](std::int64_t row,
                                                                              std::int64_t at) {
    return sorted_word(word, order, row, at, bits);
  };
  numbers.input_order = std::move(order);
}

}  // namespace ashlar::quantized
