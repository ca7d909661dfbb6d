// SPDX-License-Identifier: Apache-2.0
// Numbers of 2 to 8 bits out of the words that hold them (runtime/program/affine_encoding.h).
#pragma once

#include "codegen/emitters/element.h"
#include "runtime/program/affine_encoding.h"

namespace ashlar::codegen {

// `count` words of `packed` along its last axis, the first one at `index`; index.back() is a
// multiple of `count`.
Values load_words(Elements& elements, Value packed, Values index, std::int64_t count);

// The numbers (i32) of the elements of `point`, which counts numbers and lies along the last axis.
Values load_numbers(Elements& elements, Value packed, const Point& point, std::int64_t bits);

// One number within loaded words, left where it is: the number times 2^exponent.
struct NumberInPlace {
  Value bits;  // i32 below 2^23, all else masked out
  std::int64_t exponent;
};
// Number `number` of those that start with the first of `words`. Costs one mask; a shift more where
// the number lies high in its word, which its neighbours share, or straddles two.
NumberInPlace number_in_place(KernelBuilder& builder, ValueRange words, std::int64_t number,
                              std::int64_t bits);

}  // namespace ashlar::codegen
