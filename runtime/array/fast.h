// SPDX-License-Identifier: Apache-2.0
// The building blocks of transformers as single functions: norms, rotary embeddings, attention.
// They compute in f32 and round once to the type of their input.
#pragma once

#include "runtime/array/array.h"

#include <optional>
#include <variant>

namespace ashlar::fast {

// x * rsqrt(mean(x^2) + epsilon) over the last axis, times `weight`.
Array rms_norm(const Operand& input, const std::optional<Array>& weight, double epsilon);
// (x - mean) * rsqrt(variance + epsilon) over the last axis, times `weight`, plus `bias`.
Array layer_norm(const Operand& input, const std::optional<Array>& weight,
                 const std::optional<Array>& bias, double epsilon);

struct RopeOptions {
  bool traditional = false;            // pairs (2i, 2i + 1) instead of (i, i + dims / 2)
  double base = 10000;                 // frequency i is base^(-2i / dims)
  double scale = 1;                    // of positions
  std::optional<Array> frequencies{};  // periods of the pairs [dims / 2], in place of base's
};

// Rotates the first `dims` of the last axis of x [..., T, D]; row t stands at `offset` + t.
Array rope(const Operand& input, int dims, const Operand& offset, const RopeOptions& options = {});

struct Causal {};  // row t of T sees the keys up to t + S - T

struct ScaledAttentionOptions {
  // A bool mask keeps what is true; another is added to the scores. It broadcasts to [B, H, T, S].
  std::variant<std::monostate, Causal, Array> mask{};
  std::int64_t window = 0;       // keys that a causal row sees, itself included; 0: all
  double softcap = 0;            // c > 0: scores become c * tanh(score / c)
  std::optional<Array> sinks{};  // [H]: logits that take part in the softmax without a value
};

// softmax(scale * query key^T) value. query [B, H, T, D], key [B, G, S, D], value [B, G, S, E] with
// H a multiple of G. A row that sees no key gives 0. Throws InvalidArgument where shapes disagree.
Array scaled_dot_product_attention(const Array& query, const Array& key, const Array& value,
                                   double scale, const ScaledAttentionOptions& options = {});

}  // namespace ashlar::fast
