// SPDX-License-Identifier: Apache-2.0
// Which rows of a stored matrix make up another one.
#pragma once

#include <cstdint>
#include <vector>

namespace ashlar {

// The first `kept` rows; then of each `period` rows those of the first run, one period after
// another, then those of the second run.
struct RowSelection {
  struct Run {
    std::int64_t first, count;
  };
  std::int64_t kept = 0;
  std::int64_t period = 1;
  std::vector<Run> runs;

  // Whether so many stored rows are whole periods.
  bool divides(std::int64_t stored_rows) const {
    return stored_rows >= kept && (stored_rows - kept) % period == 0;
  }

  // Of so many stored rows.
  std::int64_t count(std::int64_t stored_rows) const {
    std::int64_t in_period = 0;
    for (const Run& run : runs)
      in_period += run.count;
    return kept + (stored_rows - kept) / period * in_period;
  }

  // Where row `row` is stored.
  std::int64_t stored_row(std::int64_t row, std::int64_t stored_rows) const {
    if (row < kept)
      return row;
    row -= kept;
    const std::int64_t periods = (stored_rows - kept) / period;
    auto run = runs.begin();
    for (; row >= periods * run->count; ++run)
      row -= periods * run->count;
    return kept + row / run->count * period + run->first + row % run->count;
  }
};

}  // namespace ashlar
