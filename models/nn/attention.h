// SPDX-License-Identifier: Apache-2.0
// Self-attention, over a key/value cache held in states or over the call's own tokens.
#pragma once

#include "models/formats/model_config.h"
#include "models/nn/layers.h"
#include "models/nn/weights.h"
#include "runtime/array/state.h"

namespace ashlar::nn {

// One layer's cache: states of shape [rows, B, kv heads, D], rows first, so that no stride depends
// on the capacity. With `ring` > 0 the position p lies in row p mod ring, else in row p.
struct KvCache {
  State key;
  State value;
  std::int64_t ring = 0;
};

// Which tokens a call computes: row b's tokens t < valid[b] stand at position[b] + t. Rows beyond
// `valid` compute nothing that is kept. All i32 [B].
struct TokenRange {
  Array position;
  Array valid;

  // Positions [B, T] of all T rows.
  Array positions(std::int64_t tokens) const;
};

// What queries see: keys and values as a cache holds them.
struct KeyValues {
  Array keys;
  Array values;
  std::int64_t ring = 0;
};

// Keys and values of x [B, T, H], with head norms and rope as config and layer say, appended to the
// cache. Without a cache (null) they are those of the call's tokens alone, which must start at
// position 0.
KeyValues key_values(const Array& x, const Weights& weights, const ModelConfig& config,
                     const LayerConfig& layer, const RopeTable& rope, const TokenRange& range,
                     const KvCache* cache);

// x [B, T, H] to [B, T, H]: queries, attention to what they see, output projection.
Array self_attention(const Array& x, const Weights& weights, const ModelConfig& config,
                     const LayerConfig& layer, const RopeTable& rope, const TokenRange& range,
                     const KeyValues& seen);

}  // namespace ashlar::nn
