// SPDX-License-Identifier: Apache-2.0
// The program of an encoder: one entry per number of tokens. Inputs "ids" and "types" [B, T] and
// "valid" [B], all i32; one output, "rows", in f32.
#pragma once

#include "models/families/encoder.h"
#include "models/formats/pooling_config.h"
#include "runtime/array/trace.h"

#include <vector>

namespace ashlar {

// What an encoder's rows are: one embedding [B, H] each, the classifier's scores [B, labels], or
// all hidden states [B, T, H].
enum class EncoderOutput { embedding, scores, hidden_states };

struct EncoderProgramOptions {
  EncoderOutput output = EncoderOutput::embedding;
  PoolingConfig pooling;  // of embeddings
  DType dtype = DType::f32;
  std::int64_t batch = 1;
  std::vector<std::int64_t> sizes;  // numbers of tokens, ascending
};

// Entries "encode_T".
std::vector<EntryDefinition> encoder_entries(const EncoderConfig& config,
                                             const nn::Weights& weights,
                                             const EncoderProgramOptions& options);

}  // namespace ashlar
