// SPDX-License-Identifier: Apache-2.0
// Numbers of 2 to 8 bits out of the words that hold them (runtime/program/affine_encoding.h).
#pragma once

#include "codegen/emitters/element.h"
#include "runtime/program/affine_encoding.h"
#include "runtime/program/float_encoding.h"

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

// ---- Floats of 4 and 8 bits (runtime/program/float_encoding.h), in units of their own.

// Those of ashlar.dequantize_mxfp4 or ashlar.dequantize_float.
FloatEncoding float_encoding_of(mlir::Operation* weights);
// What a float of a kernel has to be multiplied with to be the number.
double small_float_unit(const FloatEncoding& encoding);
// Number `number` of those that start with the first of `words`.
Value small_float(KernelBuilder& builder, ValueRange words, std::int64_t number,
                  const FloatEncoding& encoding);
// The one in the lowest bits of `code` (i32).
Value small_float(KernelBuilder& builder, Value code, const FloatEncoding& encoding);
// A quarter of 2^(scale - 127), for a scale (i32) of 0 to 255; NaN for 255.
Value power_of_two(KernelBuilder& builder, Value scale);

// ---- Scales in two steps (ashlar.dequantize_k, runtime/program/k_encoding.h).

// Of a group from the d and m of its 256 numbers; the group's byte, or pair of bytes, lies lowest
// in `bytes` (i32).
ScaleAndBias k_scale(KernelBuilder& builder, Value d, Value m, Value bytes, std::int64_t bits);

}  // namespace ashlar::codegen
