// SPDX-License-Identifier: Apache-2.0
// Attention with several heads over whole sequences; decoding with a cache is self_attention in
// models/nn/attention.h.
#pragma once

#include "models/nn/modules/linear.h"

#include <optional>

namespace ashlar::nn {

struct MultiHeadOptions {
  std::int64_t heads = 1;
  std::int64_t kv_heads = 0;  // heads that keys and values have; 0: as many
  bool causal = false;        // tokens see themselves and what comes before
  bool bias = true;
  std::optional<RopeParameters> rope = std::nullopt;  // rotate queries and keys by their positions
};

// x [B, T, width] to [B, T, width], by projections `q_proj`, `k_proj`, `v_proj` and `o_proj`.
class MultiHeadAttention : public Layer {
private:
  MultiHeadOptions options_;  // first: the projections are made from them
  std::int64_t depth_;        // of a head

public:
  // Throws InvalidArgument unless the heads divide the width and kv_heads the heads.
  MultiHeadAttention(const Array& key, std::int64_t width, const MultiHeadOptions& options);
  // Of each token to the others.
  Array operator()(const Array& x) override;
  // Of x to a context [B, C, width]; not causal.
  Array operator()(const Array& x, const Array& context);

  Linear q_proj, k_proj, v_proj, o_proj;

private:
  Array attend(const Array& x, const Array& context, bool causal);
  // Heads [B, T, N, D], rotated where the options say so.
  Array rotated(const Array& heads) const;
};

}  // namespace ashlar::nn
