// SPDX-License-Identifier: Apache-2.0
// The program of a decoder: its states and entries. All entries share weights and caches.
//
//   prefill_T  runs T tokens of `prompt` [B, T]; row b's first valid[b] count. Only fills the
//   caches. decode     feeds `token`, appends the chosen next token to `ring`, advances position
//   and count. logits_T   as prefill_T, and hands out logits [B, T, V] (and hidden states) of every
//   row.
//
// A prompt of n tokens is n - 1 tokens of prefill, then decode: so no prefill needs the head. Rows
// that are done change no state but the ring, where they write kNoToken.
#pragma once

#include "models/families/decoder.h"
#include "models/generate/sampler_states.h"
#include "runtime/array/trace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

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

// In the ring, for rows that were done already.
inline constexpr std::int32_t kNoToken = -1;

struct DecoderProgramOptions {
  DType dtype = DType::bf16;  // activations and caches
  std::int64_t batch = 1;
  std::vector<std::int64_t> prefill_sizes{16, 64, 256, 512};
  std::int64_t ring_rows = 64;  // most decode steps in one submit
  std::vector<std::int32_t> stop_tokens;
  // Whether decode chooses tokens by the options of each row; otherwise it is greedy.
  bool sampling = false;
};

class DecoderProgram {
public:
  DecoderProgram(const ModelConfig& config, nn::Weights weights, DecoderProgramOptions options);

  // prefill_T for every size, and decode.
  std::vector<EntryDefinition> generation_entries() const;
  // logits_T for one size; outputs "logits" and, if asked for, "hidden_states.N".
  EntryDefinition logits_entry(std::int64_t tokens, bool hidden_states) const;

  const ModelConfig& config() const { return config_; }
  const DecoderProgramOptions& options() const { return options_; }
  const std::vector<nn::KvCache>& caches() const { return caches_; }
  // Nothing where decoding is greedy.
  const std::optional<SamplerStates>& sampler() const { return sampler_; }
  std::int64_t max_chunk() const { return options_.prefill_sizes.back(); }

private:
  Decoder decoder() const { return Decoder(config_, weights_, caches_, options_.dtype); }
  nn::TokenRange prefill_range() const;
  void prefill(std::int64_t tokens) const;
  void decode() const;
  Array choose(const Array& logits, const Array& token, const Array& position) const;
  Array is_stop(const Array& token) const;

  ModelConfig config_;
  nn::Weights weights_;
  DecoderProgramOptions options_;
  std::vector<nn::KvCache> caches_;
  State prompt_, valid_, token_, position_, done_, ring_, count_;
  std::optional<SamplerStates> sampler_;
};

}  // namespace ashlar
