// SPDX-License-Identifier: Apache-2.0
// Linear recurrences: a memory of fixed size in the place of a key/value cache. The delta rule of
// gated delta networks (Yang, Kautz and Hatamizadeh 2024) and, without its correction, the
// state-space model of Mamba 2 (Dao and Gu 2024).
#pragma once

#include "models/nn/attention.h"
#include "runtime/array/state.h"

namespace ashlar::nn {

// What T tokens feed to the memory of H heads, all f32 but queries and keys that are to be divided
// by their lengths: these may be of any float type, to which the result is rounded. Head h has the
// query and key of group h / (H / G).
struct RecurrenceInputs {
  Array query;              // [B, T, G, K]
  Array key;                // [B, T, G, K]
  Array value;              // [B, T, H, V]
  Array log_decay;          // [B, T, H], at most 0
  Array rate;               // [B, T, H]
  bool normalised = false;  // whether queries and keys are divided by their lengths
};

enum class UpdateRule { additive, delta };

struct RecurrenceResult {
  Array output;  // [B, T, H, V]
  Array memory;  // [B, G, H / G, V, K], after the last token
};

// For each token in turn, with the memory S [V, K] of each head:
//   S <- exp(log_decay) * S
//   S <- S + rate * (value - S key) key^T      additive: without "- S key"
//   output = S query
// One token is computed as it stands here. More are cut into chunks: inside a chunk the same
// numbers are matrix products, and only the memory goes from chunk to chunk. `memory`, before the
// first token, is f32 [B, G, H / G, V, K].
RecurrenceResult recur(const RecurrenceInputs& inputs, const Array& memory, UpdateRule rule);

// What a recurrent layer keeps. Contents count as zeros where a row stands at position 0, so going
// back to 0 forgets everything; no other position can be gone back to.
struct RecurrentState {
  State conv;    // the inputs of its convolution, see causal_conv.h
  State memory;  // f32 [B, G, H / G, V, K]
};

// `recur` over the layer's memory, which rows beyond `valid` leave as it is. Without a state (null)
// it starts from zeros. The output [B, T, H, V].
Array recurrence(RecurrenceInputs inputs, const TokenRange& range, const RecurrentState* state,
                 UpdateRule rule);

}  // namespace ashlar::nn
