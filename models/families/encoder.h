// SPDX-License-Identifier: Apache-2.0
// The forward pass of a text encoder (BERT, RoBERTa): every token sees all tokens of its row.
#pragma once

#include "models/formats/encoder_config.h"
#include "models/nn/weights.h"

namespace ashlar {

class Encoder {
public:
  // `weights` is the root of the checkpoint's names. `dtype`: activations.
  Encoder(const EncoderConfig& config, const nn::Weights& weights, DType dtype);

  // ids and token types [B, T] to hidden states [B, T, H]. Row b's first valid[b] tokens count
  // (i32 [B]); what stands behind them changes nothing but its own hidden states.
  Array forward(const Array& ids, const Array& types, const Array& valid) const;

  // The classifier's scores [B, labels] in f32 of hidden states [B, T, H].
  Array classify(const Array& hidden) const;

private:
  Array embed(const Array& ids, const Array& types) const;
  Array layer(std::int64_t index, const Array& x, const Array& valid) const;
  Array attend(const Array& x, const nn::Weights& weights, const Array& valid) const;
  // The block's output, added to what went into it and normalised.
  Array add_and_norm(const Array& x, const Array& output, const nn::Weights& weights) const;

  EncoderConfig config_;
  nn::Weights root_;
  nn::Weights model_;
  DType dtype_;
};

}  // namespace ashlar
