// SPDX-License-Identifier: Apache-2.0
#include "models/compile/sampler_states.h"

#include "models/compile/sampler.h"
#include "runtime/array/ops.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/decoder_manifest.h"

namespace ashlar {
namespace {

State row_state(std::string_view name, DType dtype, std::int64_t batch, std::int64_t values = 1) {
  return State(std::string(name), dtype, {batch, values}, Residency::step);
}

// Philox with counter (row, position, draw); decode draws once. [B, 1].
Array random_words(const Array& position, const Array& seed) {
  const Array at = astype(expand_dims(position, 1), DType::u32);
  const Array row = astype(expand_dims(arange(position.dim(0)), 1), DType::u32);
  const Array zero = zeros(at.shape(), DType::u32);
  return table::philox(row, at, zero, zero, seed(Slice(), Slice(0, 1)), seed(Slice(), Slice(1, 2)),
                       0);
}

}  // namespace

SamplerStates::SamplerStates(std::int64_t batch, std::int64_t vocabulary)
    : batch_(batch),
      inverse_temperature_(row_state(sampler::kInverseTemperature, DType::f32, batch)),
      top_k_(row_state(sampler::kTopK, DType::i32, batch)),
      top_p_(row_state(sampler::kTopP, DType::f32, batch)),
      last_rank_(row_state(sampler::kLastRank, DType::i32, batch)),
      penalty_(row_state(sampler::kPenalty, DType::f32, batch)),
      seed_(row_state(sampler::kSeed, DType::u32, batch, 2)),
      seen_(std::string(sampler::kSeen), DType::boolean, {batch, vocabulary}) {}

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

}  // namespace ashlar
