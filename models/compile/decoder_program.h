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

#include "models/compile/sampler_states.h"
#include "models/families/decoder.h"
#include "runtime/array/trace.h"
#include "runtime/program/decoder_manifest.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ashlar {

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

  // What a host needs to know to drive the entries.
  DecoderManifest manifest() const;

private:
  std::int64_t max_chunk() const { return options_.prefill_sizes.back(); }
  Decoder decoder() const { return Decoder(config_, weights_, layer_states_, options_.dtype); }
  nn::TokenRange prefill_range() const;
  void prefill(std::int64_t tokens) const;
  void decode() const;
  Array choose(const Array& logits, const Array& token, const Array& position) const;
  Array is_stop(const Array& token) const;

  ModelConfig config_;
  nn::Weights weights_;
  DecoderProgramOptions options_;
  std::vector<LayerState> layer_states_;
  State prompt_, valid_, token_, position_, done_, ring_, count_;
  std::optional<SamplerStates> sampler_;
};

}  // namespace ashlar
