// SPDX-License-Identifier: Apache-2.0
// What kernel.attention_combine computes: weighted means of what the splits left.
#pragma once

#include "codegen/emitters/kernel_builder.h"

#include <functional>

namespace ashlar::codegen {

// What kernel.attention_partial left of one split, for some rows at once.
struct AttentionParts {
  std::function<Values(Value split)> largest;  // score of each row
  std::function<Values(Value split)> sums;     // of weights, of each row
  std::function<Values(Value split)> values;   // weighted; as many for each row, row after row
};

// The values over splits 0 to `splits`, not yet rounded to a result type. `at_once` splits are
// loaded together; splits beyond the last one are asked for too, and must have a score of -inf and
// numbers that are finite.
Values combine_parts(KernelBuilder& builder, Value splits, std::size_t rows,
                     std::size_t values_per_row, std::int64_t at_once, const AttentionParts& parts);

}  // namespace ashlar::codegen
