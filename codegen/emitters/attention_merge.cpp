// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/attention_merge.h"

#include "ir/schedule_numbers.h"

using namespace mlir;

namespace ashlar::codegen {

TeamMerge::TeamMerge(KernelBuilder& builder, const AttentionShape& shape,
                     const AttentionTeams& teams, std::int64_t width)
    : b_(builder), shape_(shape), teams_(teams), width_(width),
      lanes_(std::min(builder.workgroup_size(), builder.subgroup_size())),
      subgroups_(builder.workgroup_size() / lanes_) {}

void TeamMerge::merge(RowStates states, Store store) {
  // As many rows at once as workgroup memory holds, but for an eighth: where all fit, the code that
  // stores them is there once.
  const std::int64_t row_size = subgroups_ * shape_.value_size, rows = shape_.tile.rows();
  const std::int64_t total = b_.profile().shared_memory_bytes;
  const std::int64_t memory = (total - total / 8 - b_.shared_bytes()) / 4;
  const std::int64_t at_once = kernel::limited(memory / row_size, 1, rows);
  row_largest_ = b_.shared(b_.getF32Type(), at_once);
  sums_ = b_.shared(b_.getF32Type(), at_once * subgroups_);
  values_.emplace(b_, DType::f32, at_once * row_size, width_);
  settle_largest(states);
  for (std::int64_t first = 0; first < rows; first += at_once) {
    const std::int64_t count = std::min(at_once, rows - first);
    if (first > 0)
      b_.barrier();
    share(states, first, count);
    b_.barrier();
    store(first, count);
  }
}

// Combines what the teams of a subgroup have, lane by lane.
Values TeamMerge::across_teams(ValueRange values, KernelBuilder::Combine combine) {
  Values combined(values);
  for (std::int64_t mask = teams_.lanes; mask < lanes_; mask *= 2) {
    Values others;
    for (Value value : combined)
      others.push_back(b_.shuffle_xor(value, mask));
    combined = combine(combined, others);
  }
  return combined;
}

// The largest score of each row over all teams; sums over those of the subgroup.
void TeamMerge::settle_largest(RowStates& states) {
  auto larger_ones = [&](ValueRange x, ValueRange y) {
    Values result;
    for (auto [a, c] : llvm::zip_equal(x, y))
      result.push_back(larger(b_, a, c));
    return result;
  };
  Values largest = across_teams(states.largest, larger_ones);
  if (subgroups_ > 1) {
    const auto rows = static_cast<std::int64_t>(largest.size());
    const Value memory = b_.shared(b_.getF32Type(), rows * subgroups_);
    const Value subgroup = b_.div(b_.thread(), lanes_);
    b_.if_then(b_.equal(b_.rem(b_.thread(), lanes_), b_.index(0)), [&] {
      for (auto [row, score] : llvm::enumerate(largest))
        b_.store(score, memory, b_.add(subgroup, static_cast<std::int64_t>(row) * subgroups_));
    });
    b_.barrier();
    for (std::int64_t other = 0; other < subgroups_; ++other) {
      Values scores;
      for (std::int64_t row = 0; row < rows; ++row)
        scores.push_back(b_.load(memory, b_.index(row * subgroups_ + other)));
      largest = other == 0 ? scores : larger_ones(largest, scores);
    }
  }
  rescale(b_, states, largest);
  auto sum = [&](ValueRange x, ValueRange y) {
    Values result;
    for (auto [a, c] : llvm::zip_equal(x, y))
      result.push_back(b_.make<arith::AddFOp>(a, c));
    return result;
  };
  states.sums = across_teams(states.sums, sum);
  states.outputs = across_teams(states.outputs, sum);
}

// The first team of each subgroup has its sums.
void TeamMerge::share(const RowStates& states, std::int64_t first, std::int64_t count) {
  const Value lane = b_.rem(b_.thread(), lanes_), subgroup = b_.div(b_.thread(), lanes_);
  const std::int64_t parts = teams_.value.width / width_, in_row = packets() / parts;
  auto share_packet = [&](std::int64_t row, std::int64_t turn, Value number) {
    const Value slot = b_.add(subgroup, row * subgroups_);
    const auto per_row = static_cast<std::int64_t>(states.outputs_per_row());
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::int64_t from = (first + row) * per_row + (turn * parts + part) * width_;
      values_->store(b_.add(b_.mul(slot, packets()), b_.add(b_.mul(number, parts), part)),
                     ValueRange(states.outputs)
                         .slice(static_cast<std::size_t>(from), static_cast<std::size_t>(width_)));
    }
  };
  for (std::int64_t turn = 0; turn < teams_.value.turns; ++turn) {
    const Value number = b_.add(lane, turn * teams_.lanes);
    // Lanes behind the end of a row hold nothing.
    const Value holds = b_.both(b_.less(lane, teams_.lanes), b_.less(number, b_.index(in_row)));
    b_.if_then(holds, [&] {
      for (std::int64_t row = 0; row < count; ++row)
        share_packet(row, turn, number);
    });
  }
  b_.if_then(b_.equal(lane, b_.index(0)), [&] {
    for (std::int64_t row = 0; row < count; ++row)
      b_.store(states.sums[static_cast<std::size_t>(first + row)], sums_,
               b_.add(subgroup, row * subgroups_));
  });
  b_.if_then(b_.equal(b_.thread(), b_.index(0)), [&] {
    for (std::int64_t row = 0; row < count; ++row)
      b_.store(states.largest[static_cast<std::size_t>(first + row)], row_largest_, b_.index(row));
  });
}

Value TeamMerge::sum(Value row) {
  const Value slot = b_.mul(row, subgroups_);
  Value sum = b_.load(sums_, slot);
  for (std::int64_t i = 1; i < subgroups_; ++i)
    sum = b_.make<arith::AddFOp>(sum, b_.load(sums_, b_.add(slot, i)));
  return sum;
}

Values TeamMerge::values(Value row, Value packet) {
  Values sums;
  for (std::int64_t i = 0; i < subgroups_; ++i) {
    const Value slot = b_.add(b_.mul(row, subgroups_), i);
    const Values part = values_->load(b_.add(b_.mul(slot, packets()), packet));
    for (std::size_t lane = 0; lane < part.size(); ++lane)
      if (i == 0)
        sums.push_back(part[lane]);
      else
        sums[lane] = b_.make<arith::AddFOp>(sums[lane], part[lane]);
  }
  return sums;
}

}  // namespace ashlar::codegen
