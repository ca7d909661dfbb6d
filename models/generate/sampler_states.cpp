// SPDX-License-Identifier: Apache-2.0
#include "models/generate/sampler_states.h"

#include "models/generate/sampler.h"
#include "runtime/array/ops.h"
#include "runtime/array/table_functions.h"

#include <algorithm>
#include <limits>

namespace ashlar {
namespace {

State row_state(const char* name, DType dtype, std::int64_t batch, std::int64_t values = 1) {
  return State(name, dtype, {batch, values}, Residency::step);
}

// Philox with counter (row, position, draw); decode draws once. [B, 1].
Array random_words(const Array& position, const Array& seed) {
  const Array at = astype(expand_dims(position, 1), DType::u32);
  const Array row = astype(expand_dims(arange(position.dim(0)), 1), DType::u32);
  const Array zero = zeros(at.shape(), DType::u32);
  return table::philox(row, at, zero, zero, seed(Slice(), Slice(0, 1)), seed(Slice(), Slice(1, 2)),
                       0);
}

template <typename T>
void write_values(StateStore& states, const State& state, const std::vector<T>& values) {
  states.write(state.name(), 0, std::as_bytes(std::span(values)));
}

}  // namespace

SamplerStates::SamplerStates(std::int64_t batch, std::int64_t vocabulary)
    : batch_(batch), vocabulary_(vocabulary),
      inverse_temperature_(row_state("sampler.inverse_temperature", DType::f32, batch)),
      top_k_(row_state("sampler.top_k", DType::i32, batch)),
      top_p_(row_state("sampler.top_p", DType::f32, batch)),
      last_rank_(row_state("sampler.last_rank", DType::i32, batch)),
      penalty_(row_state("sampler.repetition_penalty", DType::f32, batch)),
      seed_(row_state("sampler.seed", DType::u32, batch, 2)),
      seen_("sampler.seen", DType::boolean, {batch, vocabulary}) {}

Array SamplerStates::choose(const Array& logits, const Array& token, const Array& position) const {
  const Array yes = ones({batch_, 1}, DType::boolean);
  seen_.update(scatter(seen_.read(), expand_dims(token, 1), yes, 1));
  return draw_tokens(penalize(logits, seen_.read(), penalty_.read()),
                     {.inverse_temperature = inverse_temperature_.read(),
                      .top_k = top_k_.read(),
                      .top_p = top_p_.read(),
                      .last_rank = last_rank_.read(),
                      .random = random_words(position, seed_.read())});
}

void SamplerStates::write(StateStore& states, std::span<const SamplingOptions> rows,
                          std::span<const std::vector<std::int32_t>> ids) const {
  std::vector<float> inverse_temperature, top_p, penalty;
  std::vector<std::int32_t> top_k, last_rank;
  std::vector<std::uint32_t> seed;
  constexpr double kMost = std::numeric_limits<float>::max();
  for (const SamplingOptions& row : rows) {
    const bool greedy = row.temperature == 0;
    const std::int64_t k = greedy ? 1 : row.top_k == 0 ? vocabulary_ : row.top_k;
    inverse_temperature.push_back(
        greedy ? 1.0F : static_cast<float>(std::min(1 / row.temperature, kMost)));
    top_k.push_back(static_cast<std::int32_t>(std::min(k, vocabulary_)));
    top_p.push_back(static_cast<float>(row.top_p));
    last_rank.push_back(rank_of_min_p(row.min_p));
    penalty.push_back(static_cast<float>(row.repetition_penalty));
    seed.push_back(static_cast<std::uint32_t>(row.seed));
    seed.push_back(static_cast<std::uint32_t>(row.seed >> 32));
  }
  write_values(states, inverse_temperature_, inverse_temperature);
  write_values(states, top_k_, top_k);
  write_values(states, top_p_, top_p);
  write_values(states, last_rank_, last_rank);
  write_values(states, penalty_, penalty);
  write_values(states, seed_, seed);
  // Without a penalty nobody looks at them.
  if (std::ranges::any_of(penalty, [](float value) { return value != 1; }))
    write_seen(states, ids);
}

void SamplerStates::write_seen(StateStore& states,
                               std::span<const std::vector<std::int32_t>> ids) const {
  std::vector<std::uint8_t> seen(static_cast<std::size_t>(batch_ * vocabulary_), 0);
  for (std::size_t row = 0; row < ids.size(); ++row)
    for (std::int32_t id : ids[row])
      seen[row * static_cast<std::size_t>(vocabulary_) + static_cast<std::size_t>(id)] = 1;
  write_values(states, seen_, seen);
}

}  // namespace ashlar
