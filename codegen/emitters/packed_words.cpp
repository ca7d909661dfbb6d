// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/packed_words.h"

#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"
#include "runtime/program/k_encoding.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr std::int64_t kMantissa = 23;  // bits of an f32's mantissa

Value masked(KernelBuilder& b, Value word, std::int64_t bits, std::int64_t shift = 0) {
  return b.make<arith::AndIOp>(word, b.i32(((std::int64_t{1} << bits) - 1) << shift));
}

Value shifted_right(KernelBuilder& b, Value word, Value by) {
  return b.make<arith::ShRUIOp>(word, by);
}

// A number at any place, which may straddle two words.
Value load_straddling(Elements& elements, Value packed, const Values& index, std::int64_t bits) {
  KernelBuilder& b = elements.builder();
  const Value bit = b.mul(index.back(), bits);
  const std::int64_t last = shape_of(packed).back() - 1;
  Values at = index;
  at.back() = b.div(bit, 32);
  const Value low = elements.at(packed, at);
  at.back() = b.min(b.add(at.back(), 1), b.index(last));
  const Value high = elements.at(packed, at);
  const Value offset = b.to_i32(b.rem(bit, 32));
  // Two shifts, since one by all 32 bits is undefined.
  const Value above = b.make<arith::ShLIOp>(b.make<arith::ShLIOp>(high, b.i32(1)),
                                            b.make<arith::SubIOp>(b.i32(31), offset));
  return masked(b, b.make<arith::OrIOp>(shifted_right(b, low, offset), above), bits);
}

// Numbers that fill a part of one word.
Values load_within_word(Elements& elements, Value packed, const Point& point, std::int64_t bits) {
  KernelBuilder& b = elements.builder();
  const Value bit = b.mul(point.index.back(), bits);
  Values at = point.index;
  at.back() = b.div(bit, 32);
  const Value word = shifted_right(b, elements.at(packed, at), b.to_i32(b.rem(bit, 32)));
  Values numbers;
  for (std::int64_t i = 0; i < point.width; ++i)
    numbers.push_back(masked(b, shifted_right(b, word, b.i32(i * bits)), bits));
  return numbers;
}

}  // namespace

Values load_words(Elements& elements, Value packed, Values index, std::int64_t count) {
  KernelBuilder& b = elements.builder();
  const Value first = index.back();
  const std::int64_t width = count & -count;  // the largest power of two that divides it
  Values words;
  for (std::int64_t i = 0; i < count; i += width) {
    index.back() = b.add(first, i);
    const int axis = width > 1 ? static_cast<int>(index.size()) - 1 : -1;
    words.append(elements.at(packed, Point{index, axis, width}));
  }
  return words;
}

Values load_numbers(Elements& elements, Value packed, const Point& point, std::int64_t bits) {
  KernelBuilder& b = elements.builder();
  Values numbers;
  if (point.width * bits % 32 == 0) {
    const std::int64_t count = point.width * bits / 32;
    Values at = point.index;
    at.back() = b.mul(b.div(at.back(), point.width), count);
    const Values words = load_words(elements, packed, at, count);
    for (std::int64_t i = 0; i < point.width; ++i) {
      const NumberInPlace number = number_in_place(b, words, i, bits);
      numbers.push_back(shifted_right(b, number.bits, b.i32(number.exponent)));
    }
    return numbers;
  }
  if (32 % bits == 0)
    return load_within_word(elements, packed, point, bits);
  for (std::int64_t i = 0; i < point.width; ++i)
    numbers.push_back(load_straddling(elements, packed, point.lane(b, i).index, bits));
  return numbers;
}

Value NumberInPlace::as_float(KernelBuilder& b) const {
  constexpr std::int64_t kOne = 127;  // the exponent field of 1.0
  const Value power = b.i32((kOne + kMantissa - exponent) << kMantissa);
  return float_of(b, b.make<arith::OrIOp>(bits, power));
}

double NumberInPlace::offset() const {
  return std::exp2(static_cast<double>(kMantissa - exponent));
}

NumberInPlace number_in_place(KernelBuilder& b, ValueRange words, std::int64_t number,
                              std::int64_t bits) {
  constexpr std::int64_t kSlack = 4;  // bits between a number and the top of the mantissa
  const std::int64_t neighbours = 1 + kSlack / bits;
  const std::int64_t lowest = kMantissa - neighbours * bits;
  const std::int64_t first = number - number % neighbours;
  const auto word_of = [&](std::int64_t bit) { return static_cast<std::size_t>(bit / 32); };
  const std::int64_t begin = number * bits, last = begin + bits - 1;
  if (word_of(begin) != word_of(last)) {
    const std::int64_t shift = begin % 32 - lowest;
    const Value low = shifted_right(b, words[word_of(begin)], b.i32(shift));
    const Value high = b.make<arith::ShLIOp>(words[word_of(last)], b.i32(32 - shift));
    return {masked(b, b.make<arith::OrIOp>(low, high), bits, lowest), lowest};
  }
  // The first of the neighbours comes to the lowest place, unless it lies in the word before.
  const std::int64_t moved = word_of(first * bits) == word_of(last) ? first * bits : begin;
  const std::int64_t shift = moved % 32 - lowest, exponent = lowest + begin - moved;
  const Value word = words[word_of(begin)];
  const Value placed = shift >= 0 ? shifted_right(b, word, b.i32(shift))
                                  : b.make<arith::ShLIOp>(word, b.i32(-shift));
  return {masked(b, placed, bits, exponent), exponent};
}

FloatEncoding float_encoding_of(Operation* weights) {
  auto floats = dyn_cast<ir::DequantizeFloatOp>(weights);
  if (!floats)
    return {};  // MXFP4
  return {static_cast<std::int64_t>(floats.getExponentBits()),
          static_cast<std::int64_t>(floats.getMantissaBits()),
          static_cast<std::int64_t>(floats.getGroupSize())};
}

double small_float_unit(const FloatEncoding& encoding) {
  return std::exp2(-static_cast<double>(encoding.exponent_bias() + 1));
}

namespace {

// Exponent and mantissa of the code as those of a float are the number in its units where the
// code's exponent is not 0. Where it is 0 they read f = 2 + 2 * m instead of 2 * f - 4 = 4 * m, for
// a mantissa m below 1, which is smaller there and nowhere else.
Value small_float_of(KernelBuilder& b, Value code, Value sign) {
  const Value f = float_of(b, b.make<arith::OrIOp>(code, b.i32(0x40000000)));
  const Value other = b.make<math::FmaOp>(f, b.f32(2), b.f32(-4));
  const Value magnitude = b.make<arith::MinNumFOp>(f, other);
  return float_of(b, b.make<arith::OrIOp>(bits_of(b, magnitude), sign));
}

// Of the bits from `place` on.
Value small_float_at(KernelBuilder& b, Value word, std::int64_t place,
                     const FloatEncoding& encoding) {
  const std::int64_t code = kMantissa - encoding.mantissa_bits;
  const Value placed = place <= code ? b.make<arith::ShLIOp>(word, b.i32(code - place))
                                     : shifted_right(b, word, b.i32(place - code));
  const Value sign = b.make<arith::ShLIOp>(word, b.i32(32 - encoding.bits() - place));
  return small_float_of(
      b, masked(b, placed, encoding.bits() - 1, code),
      b.make<arith::AndIOp>(sign, b.i32(std::numeric_limits<std::int32_t>::min())));
}

}  // namespace

Value small_float(KernelBuilder& b, ValueRange words, std::int64_t number,
                  const FloatEncoding& encoding) {
  const std::int64_t per_word = 32 / encoding.bits();
  return small_float_at(b, words[static_cast<std::size_t>(number / per_word)],
                        number % per_word * encoding.bits(), encoding);
}

Value small_float(KernelBuilder& b, Value code, const FloatEncoding& encoding) {
  return small_float_at(b, code, 0, encoding);
}

Value power_of_two(KernelBuilder& b, Value scale) {
  // Two steps, for 2^-127 and a quarter of it are no normal floats.
  const Value bits = b.make<arith::ShLIOp>(scale, b.i32(kMantissa));
  const Value power =
      b.select(b.equal(scale, b.i32(0)), b.f32(std::ldexp(1.0, -127)), float_of(b, bits));
  const Value known = b.select(b.equal(scale, b.i32(255)), b.f32(std::nan("")), power);
  return b.make<arith::MulFOp>(known, b.f32(0.25));
}

ScaleAndBias k_scale(KernelBuilder& b, Value d, Value m, Value bytes, std::int64_t bits) {
  const auto times = [&](Value factor, Value number) {
    return b.make<arith::MulFOp>(factor, b.make<arith::SIToFPOp>(b.getF32Type(), number));
  };
  if (!has_k_minimums(bits)) {
    const Value top = b.make<arith::ShLIOp>(bytes, b.i32(24));
    const Value scale = times(d, b.make<arith::ShRSIOp>(top, b.i32(24)));
    const double middle = std::exp2(static_cast<double>(bits - 1));
    return {scale, b.make<arith::MulFOp>(scale, b.f32(-middle))};
  }
  const std::int64_t width = k_group_size(bits) == 32 ? 8 : 4;  // bits of s and t
  const Value minimum = masked(b, shifted_right(b, bytes, b.i32(width)), width);
  return {times(d, masked(b, bytes, width)), b.make<arith::NegFOp>(times(m, minimum))};
}

}  // namespace ashlar::codegen
