// SPDX-License-Identifier: Apache-2.0
#include "models/compile/encoder_input.h"

#include "runtime/program/error.h"

#include <algorithm>
#include <vector>

namespace ashlar {
namespace {

void check_range(std::string_view what, const std::vector<std::int32_t>& values,
                 std::int64_t limit) {
  for (const std::int32_t value : values)
    if (value < 0 || value >= limit)
      throw InvalidArgument("encoder", "{}: expected less than {}, got {}", what, limit, value);
}

// Without the last tokens before the one at `end`.
void erase_before(std::vector<std::int32_t>& values, std::int64_t end, std::int64_t count) {
  values.erase(values.begin() + end - 1 - count, values.begin() + end - 1);
}

}  // namespace

EncodedPair cut_to(EncodedPair row, std::int64_t max_tokens) {
  const auto size = static_cast<std::int64_t>(row.ids.size());
  const auto first = std::ranges::count(row.type_ids, row.type_ids.empty() ? 0 : row.type_ids[0]);
  // Special tokens counted: two of the first text, one of the second.
  std::int64_t left = std::max<std::int64_t>(first - 2, 0);
  std::int64_t right = std::max<std::int64_t>(size - first - 1, 0);
  const std::int64_t first_length = left, second_length = right;
  for (std::int64_t surplus = size - max_tokens; surplus > 0 && left + right > 0; --surplus)
    (left > right ? left : right) -= 1;
  for (std::vector<std::int32_t>* values : {&row.ids, &row.type_ids}) {
    erase_before(*values, size, second_length - right);
    erase_before(*values, first, first_length - left);
  }
  return row;
}

void check_row(const EncodedPair& row, const EncoderConfig& config, std::int64_t max_tokens) {
  if (row.ids.empty() || static_cast<std::int64_t>(row.ids.size()) > max_tokens)
    throw InvalidArgument("encoder", "a row: expected 1 to {} tokens, got {}", max_tokens,
                          row.ids.size());
  if (row.type_ids.size() != row.ids.size())
    throw InvalidArgument("encoder", "a row: expected {} token types, got {}", row.ids.size(),
                          row.type_ids.size());
  check_range("id", row.ids, config.vocab_size);
  check_range("token type", row.type_ids, config.token_types);
}

}  // namespace ashlar
