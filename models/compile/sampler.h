// SPDX-License-Identifier: Apache-2.0
// Drawing tokens from logits, as array code that runs inside the decode entry.
//
// In the order of Hugging Face transformers: repetition penalty, temperature, top-k, top-p, min-p,
// then the inverse of the cumulative distribution. Nothing is sorted. Tokens are ordered by *rank*,
// their distance from the most likely token in log-probability, and what is kept is always the
// beginning of that order; so each step only needs the rank at which a running sum (of tokens, of
// probability) reaches a target, and that is found digit by digit. Probabilities are integers, so
// sums are exact and do not depend on their order.
#pragma once

#include "runtime/array/array.h"

namespace ashlar {

// What tokens are drawn by, one value per batch row: [B, 1] each.
struct SamplerInputs {
  Array inverse_temperature;  // f32
  Array top_k;                // i32: 1 .. V
  Array top_p;                // f32: 0 .. 1
  Array last_rank;            // i32: the largest rank that min-p keeps, see rank_of_min_p
  Array random;               // u32: uniform bits
};

// Divides positive logits of `seen` tokens (bool) by the penalty and multiplies negative ones.
// All [B, V] f32 but `seen` and the penalty, [B, 1].
Array penalize(const Array& logits, const Array& seen, const Array& penalty);

// Tokens [B] (i32) for logits [B, V] (f32, already penalised). Tokens whose log-probabilities
// differ by less than 2^-25 count as equal, and of equal ones the lower index comes first; the most
// likely token is exactly that of argmax, so top_k = 1 is greedy. Tokens below e^-31 times the
// largest probability are never drawn. Rows that hold NaN give some index below V. Throws
// Unsupported for a V of 2^19 or more.
Array draw_tokens(const Array& logits, const SamplerInputs& inputs);

}  // namespace ashlar
