// SPDX-License-Identifier: Apache-2.0
// Sampling options as the values of the sampler's states, on the host, between submits.
#pragma once

#include "models/generate/sampling_options.h"
#include "runtime/executor/state_store.h"
#include "runtime/program/decoder_manifest.h"

#include <span>
#include <vector>

namespace ashlar {

// The sampler orders tokens by *rank*: the distance from the most likely one in log-probability, in
// units of 2^-25, up to 32. Every rank is exact in f32.
inline constexpr int kRankBits = 30;
inline constexpr double kRanksPerNat = 0x1p25;
inline constexpr double kLastRank = 0x1p30 - 64;  // the largest f32 below 2^30

// The largest rank of tokens with at least `min_p` (0 .. 1) times the probability of the most
// likely one. 0 keeps all.
std::int32_t rank_of_min_p(double min_p);

// Writes the options of each row, and the `ids` before the one that is fed next, which the
// repetition penalty counts. The decoder must have a sampler.
void write_sampling(StateStore& states, const DecoderManifest& decoder,
                    std::span<const SamplingOptions> rows,
                    std::span<const std::vector<std::int32_t>> ids);

}  // namespace ashlar
