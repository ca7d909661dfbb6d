// SPDX-License-Identifier: Apache-2.0
// Which rows of a stored matrix make up another one.
#pragma once

#include <cstdint>
#include <vector>

namespace ashlar {

// Of each `period` rows those of the first run, one period after another; then those of the second.
struct RowSelection {
  struct Run {
    std::int64_t first, count;
  };
  std::int64_t period = 1;
  std::vector<Run> runs;

  // `stored_rows`: a multiple of the period.
  std::int64_t count(std::int64_t stored_rows) const {
    std::int64_t in_period = 0;
    for (const Run& run : runs)
      in_period += run.count;
    return stored_rows / period * in_period;
  }

  // Where row `row` is stored.
  std::int64_t stored_row(std::int64_t row, std::int64_t stored_rows) const {
    const std::int64_t periods = stored_rows / period;
    auto run = runs.begin();
    for (; row >= periods * run->count; ++run)
      row -= periods * run->count;
    return row / run->count * period + run->first + row % run->count;
  }
};

}  // namespace ashlar
