// SPDX-License-Identifier: Apache-2.0
// The forward pass of decoders: one function of the model's config serves prefill, decode and every
// batch size. What differs between the families is data in ModelConfig: layers mix tokens by
// attention or by a recurrence, and may have no feed-forward.
#pragma once

#include "models/families/decoder_names.h"
#include "models/nn/attention.h"
#include "models/nn/recurrence.h"

#include <map>
#include <optional>
#include <variant>
#include <vector>

namespace ashlar {

// What a layer keeps between calls, by its token mixer; nothing where it sees another's keys.
using LayerState = std::variant<std::monostate, nn::KvCache, nn::RecurrentState>;

// What a decoder keeps between calls besides its layers' states belongs to models/generate.
class Decoder {
public:
  // `weights` is the root of the checkpoint's names. `states` holds one state per layer, or
  // nothing: then a call is a whole sequence, as in training. `dtype`: activations and caches.
  Decoder(const ModelConfig& config, const nn::Weights& weights, std::vector<LayerState> states,
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
  Array layer(std::int64_t index, const Array& x, const nn::TokenRange& range);
  // What a layer's two blocks add to the residual stream, of its normalised rows x [B, T, H].
  Array mix_tokens(std::int64_t index, const Array& x, const nn::TokenRange& range);
  Array feed_forward(std::int64_t index, const Array& x) const;
  Array attend(std::int64_t index, const Array& x, const nn::Weights& weights,
               const nn::TokenRange& range, const nn::KvCache* cache);
  // The sum of an MLP's output and of experts for the same residual stream.
  Array experts_beside(std::int64_t index, const Array& mlp, const Array& residual) const;
  // What a layer's own embedding adds to the residual stream x.
  Array embed_in_layer(std::int64_t index, const Array& x) const;
  // [B, T, layers, width], from the ids and their embeddings.
  Array per_layer_embeddings(const Array& ids, const Array& embedded) const;
  void make_ropes(const Array& positions);
  const LayerConfig& layer_config(std::int64_t index) const;
  nn::Weights layer_weights(std::int64_t index) const { return model_ / "layers" / index; }
  Array norm(const Array& x, const nn::Weights& weights) const;

  ModelConfig config_;
  DecoderNames names_;
  nn::Weights model_;
  std::optional<nn::Weights> head_;  // the embedding, if absent
  std::vector<LayerState> states_;
  DType dtype_;
  // Of the call in progress.
  std::map<AttentionKind, nn::RopeTable> ropes_;
  std::map<std::int64_t, nn::KeyValues> seen_;  // by layer
  std::optional<Array> per_layer_;
};

// One layer's state for `batch` rows. A key/value cache is growable, or a ring of the window plus
// the largest chunk where that is smaller than the context.
LayerState make_layer_state(const ModelConfig& config, std::int64_t layer, std::int64_t batch,
                            std::int64_t max_chunk, DType dtype);

}  // namespace ashlar
