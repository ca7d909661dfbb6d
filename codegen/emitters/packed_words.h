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

// One number within loaded words, shifted to high bits of a float's mantissa: q times 2^exponent.
struct NumberInPlace {
  Value bits;  // i32, all else masked out
  std::int64_t exponent;

  // The same bits in the mantissa of the float `offset` make offset + q: no conversion is needed.
  Value as_float(KernelBuilder& builder) const;
  double offset() const;
};
// Number `number` of those that start with the first of `words`. Costs a mask, and a shift that
// narrow neighbours share. The offset is at most 2^4 times as large as 2^bits, so that
// taking it away again costs few bits of precision.
NumberInPlace number_in_place(KernelBuilder& builder, ValueRange words, std::int64_t number,
                              std::int64_t bits);

// ---- Floats of 4 bits (ashlar.dequantize_mxfp4): a sign above a code for 0, 0.5, 1, 1.5, 2, 3,
// 4, 6.

// Number `number` of those that start with the first of `words`, times 4.
Value small_float(KernelBuilder& builder, ValueRange words, std::int64_t number);
// Of the 4 bits from bit `place` (an i32 below 29) of `word` on, times 4.
Value small_float(KernelBuilder& builder, Value word, Value place);
// A quarter of 2^(scale - 127), for a scale (i32) of 0 to 255; NaN for 255.
Value power_of_two(KernelBuilder& builder, Value scale);

// ---- Scales in two steps (ashlar.dequantize_k, runtime/program/k_encoding.h).

// Of a group from the d and m of its 256 numbers; the group's byte, or pair of bytes, lies lowest
// in `bytes` (i32).
ScaleAndBias k_scale(KernelBuilder& builder, Value d, Value m, Value bytes, std::int64_t bits);

}  // namespace ashlar::codegen
