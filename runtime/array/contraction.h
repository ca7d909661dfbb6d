// SPDX-License-Identifier: Apache-2.0
// Matrix products and attention.
#pragma once

#include "runtime/array/array.h"

#include <optional>

namespace ashlar {

// NumPy's matmul: 1-D operands are vectors, leading axes broadcast. f32 accumulation.
Array matmul(const Operand& lhs, const Operand& rhs);
// x [..., in] times weight [out, in] transposed.
Array linear(const Operand& x, const Array& weight);
Array linear(const Operand& x, const Array& weight, const Array& bias);

// The sum over s of x[..., s, :] times one of the matrices [E, in, out]: the one whose number is
// ids[..., s]. x [..., S, in], ids [..., S], to [..., out] in the type of x.
Array expert_matmul(const Operand& x, const Array& matrices, const Operand& ids);
// The same for weights [E, out, in], as linear is to matmul.
Array expert_linear(const Operand& x, const Array& weights, const Operand& ids);

struct AttentionOptions {
  double scale = 1.0;
  bool causal = true;
  std::int64_t window = 0;  // keys a row may see, itself included; 0 = all
  double softcap = 0.0;     // c: scores become c * tanh(score / c); 0 = off
  std::int64_t ring = 0;    // rows of a key/value ring; 0 = row j is key j
};

// query [B, T, H, D] over key [C, B, G, D] and value [C, B, G, E]; see `attention` in the op table.
// `sinks` [B, H]: scores of one more key for each head, whose value is 0.
Array attention(const Operand& query, const Operand& key, const Operand& value,
                const Operand& position, const Operand& length, const AttentionOptions& options,
                const std::optional<Array>& sinks = std::nullopt);

}  // namespace ashlar
