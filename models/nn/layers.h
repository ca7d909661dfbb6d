// SPDX-License-Identifier: Apache-2.0
// Blocks that decoders are made of. Shapes: B batch rows, T tokens, H hidden size, N heads, D head
// size. Each rounds where Hugging Face's modules round, so that bf16 runs agree with the reference;
// in f32 all casts vanish. Matrices may be quantised (Weights::matrix).
#pragma once

#include "models/formats/model_config.h"
#include "models/nn/weights.h"

namespace ashlar::nn {

// x [..., in] by `weight` [out, in], plus `bias` [out] if asked for. In the type of x.
Array linear(const Array& x, const Weights& weights, std::int64_t out, bool bias);

// Rows of `weight` [V, H] for ids of any shape, in `dtype`.
Array embedding(const Array& ids, const Weights& weights, std::int64_t vocabulary,
                std::int64_t width, DType dtype);

// Root mean square norm over the last axis. `plain` normalises in f32, rounds, then multiplies
// (Llama); `plain_f32` and `one_plus` multiply by weight or 1 + weight in f32 and round once
// (Gemma).
Array rms_norm(const Array& x, const Weights& weights, NormKind kind, double epsilon);
// Without a weight.
Array rms_norm(const Array& x, double epsilon);

// (x - mean) / sqrt(variance + epsilon) over the last axis, by `weight`, plus `bias`; in f32,
// rounded once.
Array layer_norm(const Array& x, const Weights& weights, double epsilon);

Array activate(const Array& x, Activation activation);

// down(activation(gate(x)) * up(x)).
Array gated_mlp(const Array& x, const Weights& weights, std::int64_t intermediate,
                Activation activation, bool bias);

// Cosines and sines of one rope kind for positions [B, T]: each [B, T, 1, D/2] in `dtype`; and what
// the rotated queries are multiplied with [B, T, 1, 1], if anything.
struct RopeTable {
  Array cosine;
  Array sine;
  std::optional<Array> query_scale = {};
};
RopeTable rope_table(const Array& positions, const RopeParameters& rope, std::int64_t head_dim,
                     DType dtype);

// Rotates pairs (i, i + n) of the first 2n dimensions of x [B, T, N, D].
Array apply_rope(const Array& x, const RopeTable& table);
// And scales them.
Array apply_query_rope(const Array& x, const RopeTable& table);

}  // namespace ashlar::nn
