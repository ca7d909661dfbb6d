// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/packed_words.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

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

NumberInPlace number_in_place(KernelBuilder& b, ValueRange words, std::int64_t number,
                              std::int64_t bits) {
  constexpr std::int64_t kHighest = 23, kHalf = 16;
  const auto word = static_cast<std::size_t>(number * bits / 32);
  const std::int64_t offset = number * bits % 32;
  if (offset + bits <= kHighest)
    return {masked(b, words[word], bits, offset), offset};
  if (offset + bits <= 32) {
    const Value half = shifted_right(b, words[word], b.i32(kHalf));
    return {masked(b, half, bits, offset - kHalf), offset - kHalf};
  }
  const Value low = shifted_right(b, words[word], b.i32(offset));
  const Value high = b.make<arith::ShLIOp>(words[word + 1], b.i32(32 - offset));
  return {masked(b, b.make<arith::OrIOp>(low, high), bits), 0};
}

}  // namespace ashlar::codegen
