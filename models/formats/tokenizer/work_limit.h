// SPDX-License-Identifier: Apache-2.0
// Bounds what the expressions and replacements of a tokenizer.json can make of a text: processor
// time and the size of intermediate results, in proportion to the text. A backtracking expression
// can take exponential time and a chain of replacements can grow a text without end, so neither a
// hostile file nor an unlucky text may go on for ever. A limit is used by one thread while that
// handles one text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ashlar::tokenizer {

class WorkLimit {
public:
  // For encoding a text of `bytes` bytes, all stages together.
  static WorkLimit for_text(std::size_t bytes);
  // For one step of decoding a token of `bytes` bytes.
  static WorkLimit for_token(std::size_t bytes);

  // Counts one unit of work of roughly bounded size; looks at the clock now and then.
  void count_unit() {
    if (++units_ % kUnitsPerCheck == 0)
      check_time();
  }

  // Both throw Unsupported beyond the limit.
  void check_time() const;
  void check_size(std::size_t bytes) const;

private:
  static constexpr std::uint64_t kUnitsPerCheck = 64;

  WorkLimit(std::size_t text_size, std::size_t max_size);

  std::size_t text_size_;
  std::size_t max_size_;
  double end_;  // in processor time of the thread
  std::uint64_t units_ = 0;
};

}  // namespace ashlar::tokenizer
