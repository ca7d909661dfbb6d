// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/attention_merge.h"

#include "ir/schedule_numbers.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ashlar::codegen {

TeamMerge::TeamMerge(KernelBuilder& builder, const AttentionShape& shape,
                     const AttentionTeams& teams, std::int64_t width)
    : b_(builder), shape_(shape), teams_(teams), width_(width),
      lanes_(teams.lanes * teams.in_subgroup) {}

void TeamMerge::merge(RowStates states, Store store) {
  // As many rows at once as workgroup memory holds, but for an eighth: where all fit, the code that
  // stores them is there once.
  const std::int64_t row_size = teams_.subgroups * shape_.value_size, rows = shape_.tile.rows();
  const std::int64_t total = b_.profile().shared_memory_bytes;
  const std::int64_t memory = (total - total / 8 - b_.shared_bytes()) / 4;
  const std::int64_t at_once = kernel::limited(memory / row_size, 1, rows);
  largest_ = b_.shared(b_.getF32Type(), at_once * teams_.subgroups);
  sums_ = b_.shared(b_.getF32Type(), at_once * teams_.subgroups);
  values_.emplace(b_, DType::f32, at_once * row_size, width_);
  merge_subgroup(states);
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

void TeamMerge::merge_subgroup(RowStates& states) {
  if (teams_.in_subgroup == 1)
    return;
  rescale(b_, states, across_teams(states.largest, [&](ValueRange x, ValueRange y) {
            Values result;
            for (auto [a, c] : llvm::zip_equal(x, y))
              result.push_back(larger(b_, a, c));
            return result;
          }));
  auto sum = [&](ValueRange x, ValueRange y) {
    Values result;
    for (auto [a, c] : llvm::zip_equal(x, y))
      result.push_back(b_.make<arith::AddFOp>(a, c));
    return result;
  };
  states.sums = across_teams(states.sums, sum);
  states.outputs = across_teams(states.outputs, sum);
}

// By the first team of each subgroup.
void TeamMerge::share(const RowStates& states, std::int64_t first, std::int64_t count) {
  const Value lane = b_.rem(b_.thread(), lanes_), subgroup = b_.div(b_.thread(), lanes_);
  const std::int64_t parts = teams_.value.width / width_, in_row = packets() / parts;
  auto share_packet = [&](std::int64_t row, std::int64_t turn, Value number) {
    const Value place = slot(b_.index(row), subgroup);
    const auto per_row = static_cast<std::int64_t>(states.outputs_per_row());
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::int64_t from = (first + row) * per_row + (turn * parts + part) * width_;
      values_->store(b_.add(b_.mul(place, packets()), b_.add(b_.mul(number, parts), part)),
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
    for (std::int64_t row = 0; row < count; ++row) {
      const Value place = slot(b_.index(row), subgroup);
      b_.store(states.largest[static_cast<std::size_t>(first + row)], largest_, place);
      b_.store(states.sums[static_cast<std::size_t>(first + row)], sums_, place);
    }
  });
}

MergedRow TeamMerge::merged(Value row, Value packet) {
  Values places, scores;
  MergedRow merged{b_.f32(-INFINITY), b_.f32(0),
                   Values(static_cast<std::size_t>(width_), b_.f32(0))};
  for (std::int64_t subgroup = 0; subgroup < teams_.subgroups; ++subgroup) {
    places.push_back(slot(row, b_.index(subgroup)));
    scores.push_back(b_.load(largest_, places.back()));
    merged.largest = larger(b_, merged.largest, scores.back());
  }
  for (auto [place, score] : llvm::zip_equal(places, scores)) {
    const Value weight = weight_of(b_, score, merged.largest);
    merged.sum = b_.make<math::FmaOp>(weight, b_.load(sums_, place), merged.sum);
    const Values values = values_->load(b_.add(b_.mul(place, packets()), packet));
    for (auto [sum, value] : llvm::zip_equal(merged.values, values))
      sum = b_.make<math::FmaOp>(weight, value, sum);
  }
  return merged;
}

}  // namespace ashlar::codegen
