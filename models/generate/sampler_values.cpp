// SPDX-License-Identifier: Apache-2.0
#include "models/generate/sampler_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ashlar {
namespace {

template <typename T>
void write_values(StateStore& states, std::string_view name, const std::vector<T>& values) {
  states.write(name, 0, std::as_bytes(std::span(values)));
}

void write_seen(StateStore& states, const DecoderManifest& decoder,
                std::span<const std::vector<std::int32_t>> ids) {
  const auto vocabulary = static_cast<std::size_t>(decoder.sampler_vocabulary);
  std::vector<std::uint8_t> seen(static_cast<std::size_t>(decoder.batch) * vocabulary, 0);
  for (std::size_t row = 0; row < ids.size(); ++row)
    for (const std::int32_t id : ids[row])
      seen[row * vocabulary + static_cast<std::size_t>(id)] = 1;
  write_values(states, sampler::kSeen, seen);
}

}  // namespace

std::int32_t rank_of_min_p(double min_p) {
  return static_cast<std::int32_t>(std::min(-std::log(min_p) * kRanksPerNat, kLastRank));
}

void write_sampling(StateStore& states, const DecoderManifest& decoder,
                    std::span<const SamplingOptions> rows,
                    std::span<const std::vector<std::int32_t>> ids) {
  const std::int64_t vocabulary = decoder.sampler_vocabulary;
  std::vector<float> inverse_temperature, top_p, penalty;
  std::vector<std::int32_t> top_k, last_rank;
  std::vector<std::uint32_t> seed;
  constexpr double kMost = std::numeric_limits<float>::max();
  for (const SamplingOptions& row : rows) {
    const bool greedy = row.temperature == 0;
    const std::int64_t k = greedy ? 1 : row.top_k == 0 ? vocabulary : row.top_k;
    inverse_temperature.push_back(
        greedy ? 1.0F : static_cast<float>(std::min(1 / row.temperature, kMost)));
    top_k.push_back(static_cast<std::int32_t>(std::min(k, vocabulary)));
    top_p.push_back(static_cast<float>(row.top_p));
    last_rank.push_back(rank_of_min_p(row.min_p));
    penalty.push_back(static_cast<float>(row.repetition_penalty));
    seed.push_back(static_cast<std::uint32_t>(row.seed));
    seed.push_back(static_cast<std::uint32_t>(row.seed >> 32));
  }
  write_values(states, sampler::kInverseTemperature, inverse_temperature);
  write_values(states, sampler::kTopK, top_k);
  write_values(states, sampler::kTopP, top_p);
  write_values(states, sampler::kLastRank, last_rank);
  write_values(states, sampler::kPenalty, penalty);
  write_values(states, sampler::kSeed, seed);
  // Without a penalty nobody looks at them.
  if (std::ranges::any_of(penalty, [](float value) { return value != 1; }))
    write_seen(states, decoder, ids);
}

}  // namespace ashlar
