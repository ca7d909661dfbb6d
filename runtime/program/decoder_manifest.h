// SPDX-License-Identifier: Apache-2.0
// What a host must know to drive a decoder's program: a part of the program file, so that a saved
// program runs without the code that traced it. Names, element types and shapes of the states are
// in the program's own list; the roles of the step states are fixed here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

struct Program;

// Names of the step states, all i32, with their shapes; R = ring_rows, P = largest prefill size.
namespace step {
inline constexpr std::string_view kPrompt = "prompt";      // [B, P]
inline constexpr std::string_view kValid = "valid";        // [B] rows of the present prefill chunk
inline constexpr std::string_view kToken = "token";        // [B] the token that decode feeds next
inline constexpr std::string_view kPosition = "position";  // [B] tokens already in the caches
inline constexpr std::string_view kDone = "done";          // [B] 1: the row has ended
inline constexpr std::string_view kRing = "ring";          // [R, B] tokens of this submit
inline constexpr std::string_view kCount = "count";        // [1] decode steps of this submit
}  // namespace step

// Names of the states of the device sampler, where the program has one; V = sampler_vocabulary.
namespace sampler {
inline constexpr std::string_view kInverseTemperature =
    "sampler.inverse_temperature";                                          // f32 [B, 1]
inline constexpr std::string_view kTopK = "sampler.top_k";                  // i32 [B, 1]
inline constexpr std::string_view kTopP = "sampler.top_p";                  // f32 [B, 1]
inline constexpr std::string_view kLastRank = "sampler.last_rank";          // i32 [B, 1]
inline constexpr std::string_view kPenalty = "sampler.repetition_penalty";  // f32 [B, 1]
inline constexpr std::string_view kSeed = "sampler.seed";                   // u32 [B, 2]
inline constexpr std::string_view kSeen = "sampler.seen";  // bool [B, V]: tokens of the row so far
}  // namespace sampler

// In the ring, for rows that were done already.
inline constexpr std::int32_t kNoToken = -1;

// A state [rows, B, ...] that holds keys or values.
struct CacheManifest {
  std::string state;
  std::int64_t ring;  // position p lies in row p mod ring; 0: it grows, and p lies in row p

  bool operator==(const CacheManifest&) const = default;
};

struct DecoderManifest {
  std::uint64_t config_hash = 0;  // ModelConfig::hash of the model that was traced
  std::int64_t batch = 0;
  std::int64_t max_positions = 0;           // most tokens of a row: the context limit
  std::int64_t window = 0;                  // keys that rows of a ring see, their own included
  std::int64_t ring_rows = 0;               // most decode steps in one submit
  std::vector<std::int64_t> prefill_sizes;  // ascending
  std::int64_t sampler_vocabulary = 0;  // ids that the sampler draws from; 0: decoding is greedy
  std::vector<std::int32_t> stop_tokens;
  std::vector<CacheManifest> caches;
  // States that hold what all tokens so far have made of them. They count as zeros at position 0.
  std::vector<std::string> recurrent_states;

  bool operator==(const DecoderManifest&) const = default;
};

// Throws FormatError unless the program's manifest is sensible in itself and agrees with every
// state that it speaks of. Part of verify().
void verify_manifest(const Program& program);

// Throws FormatError unless the program can generate: it has a manifest, all step states, and the
// entries prefill_T of every size and decode.
void require_generation(const Program& program);

// "prefill_64".
std::string prefill_entry(std::int64_t tokens);

}  // namespace ashlar
