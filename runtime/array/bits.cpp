// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/bits.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <cmath>

namespace ashlar {
namespace {

DType word_like(DType dtype) {
  switch (size_of(dtype)) {
  case 1:
    return DType::u8;
  case 2:
    return DType::u16;
  case 4:
    return DType::u32;
  default:
    return DType::u64;
  }
}

Array of_same_size(const Array& x, DType dtype) {
  return x.dtype() == dtype ? x : table::bitcast(x, dtype);
}

std::int64_t bits_of(DType dtype) {
  return static_cast<std::int64_t>(size_of(dtype) * 8);
}

// Words along the last axis cut into parts, the lowest bits first.
Array cut(const Array& words, DType part) {
  const Array shifts = arange(0, bits_of(words.dtype()), bits_of(part), words.dtype());
  return flatten(convert(expand_dims(words, -1) >> shifts, part), -2, -1);
}

Array joined(const Array& parts, DType word) {
  const auto count = static_cast<int>(bits_of(word) / bits_of(parts.dtype()));
  if (parts.dim(-1) % count != 0)
    throw InvalidArgument("view", "the last axis of {} does not divide into groups of {}",
                          parts.shape().to_string(), count);
  const auto part = [&](int i) {
    return convert(parts(kEllipsis, Slice(i, kEnd).by(count)), word);
  };
  Array whole = part(0);
  for (int i = 1; i < count; ++i)
    whole = whole | (part(i) << i * bits_of(parts.dtype()));
  return whole;
}

}  // namespace

Array view(const Operand& input, DType dtype) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  if (x.dtype() == dtype)
    return x;
  if (x.dtype() == DType::boolean)
    return view(convert(x, DType::u8), dtype);
  if (dtype == DType::boolean)
    return view(x, DType::u8) != 0;
  if (size_of(x.dtype()) == size_of(dtype))
    return table::bitcast(x, dtype);
  if (x.rank() == 0)
    throw InvalidArgument("view", "a 0-d array of {} cannot be one of {}: their sizes differ",
                          name_of(x.dtype()), name_of(dtype));
  const Array words = of_same_size(x, word_like(x.dtype()));
  const DType word = word_like(dtype);
  return of_same_size(size_of(dtype) < size_of(x.dtype()) ? cut(words, word) : joined(words, word),
                      dtype);
}

// Of a number of at least 2^-6 the upper 11 bits are kept, with the exponent's
// bias reduced by 120; below, codes are multiples of 2^-9.
Array to_fp8(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = convert(input.array(), DType::f32);
  const Array magnitude = abs(x), bits = table::bitcast(magnitude, DType::u32);
  const Array rounded = (bits + 0x7ffff + (bits >> 20 & 1)) >> 20;
  const Array normal = minimum(rounded - (120 << 3), 0x7e);
  const Array small = convert(round(magnitude * 512), DType::u32);
  const Array code = where(magnitude < 0x1p-6, small, where(is_nan(x), 0x7f, normal));
  const Array sign = table::bitcast(x, DType::u32) >> 24 & 0x80;
  return convert(code | sign, DType::u8);
}

Array from_fp8(const Operand& bytes, DType dtype) {
  const WrittenAt at(bytes.where());
  const Array x = bytes.array();
  if (x.dtype() != DType::u8)
    throw InvalidArgument("from_fp8", "expected u8, got {}", name_of(x.dtype()));
  const Array code = convert(x & 0x7f, DType::u32);
  const Array normal = table::bitcast((code + (120 << 3)) << 20, DType::f32);
  const Array small = convert(code, DType::f32) * 0x1p-9;
  const Array magnitude = where(code < 8, small, where(code == 0x7f, NAN, normal));
  return convert(where((x & 0x80) != 0, -magnitude, magnitude), dtype);
}

}  // namespace ashlar
