// SPDX-License-Identifier: Apache-2.0
// The forward pass of the dense decoders (llama, mistral, qwen2, qwen3, gemma3): one function of
// the model's config serves prefill, decode and every batch size. What differs between the families
// is data in ModelConfig.
#pragma once

#include "models/nn/attention.h"

#include <map>
#include <optional>
#include <vector>

namespace ashlar {

// What a decoder keeps between calls besides its caches belongs to models/generate.
class Decoder {
public:
  // `weights` is the root of the checkpoint's names. `caches` holds one cache per layer, or
  // nothing: then a call is a whole sequence, as in training. `dtype`: activations and caches.
  Decoder(const ModelConfig& config, const nn::Weights& weights, std::vector<nn::KvCache> caches,
          DType dtype);

  // The residual stream after each layer, for inspection: [B, T, H] each; front() is the embedding,
  // back() comes after the final norm.
  using HiddenStates = std::vector<Array>;

  // ids [B, T] to the normalised hidden states [B, T, H] of their rows.
  Array forward(const Array& ids, const nn::TokenRange& range, HiddenStates* hidden = nullptr);

  // Logits [..., V] in f32 of hidden states [..., H].
  Array head(const Array& hidden) const;

private:
  Array embed(const Array& ids) const;
  Array layer(std::int64_t index, const Array& x, const nn::TokenRange& range) const;
  // What a layer's two blocks add to the residual stream, of its normalised rows x [B, T, H].
  Array mix_tokens(std::int64_t index, const Array& x, const nn::TokenRange& range) const;
  Array feed_forward(std::int64_t index, const Array& x) const;
  void make_ropes(const Array& positions);
  const LayerConfig& layer_config(std::int64_t index) const;
  nn::Weights layer_weights(std::int64_t index) const { return model_ / "layers" / index; }
  Array norm(const Array& x, const nn::Weights& weights) const;

  ModelConfig config_;
  nn::Weights model_;
  std::optional<nn::Weights> head_;  // the embedding, if absent
  std::vector<nn::KvCache> caches_;
  DType dtype_;
  std::map<AttentionKind, nn::RopeTable> ropes_;  // of the call in progress
};

// The states of one layer's cache for `batch` rows: growable, or a ring of the window plus the
// largest chunk where that is smaller than the context.
nn::KvCache make_cache(const ModelConfig& config, std::int64_t layer, std::int64_t batch,
                       std::int64_t max_chunk, DType dtype);

}  // namespace ashlar
