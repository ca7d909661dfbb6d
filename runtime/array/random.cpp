// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/random.h"

#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/linalg.h"
#include "runtime/array/math.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/array/sorting.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace ashlar::random {
namespace {

// The fourth counter word keeps numbers and derived keys apart.
enum class Stream : int { numbers, keys };

void check_key(const Array& key) {
  if (key.type() != ArrayType{DType::u32, Shape{2}})
    throw InvalidArgument("random", "key: expected u32[2], got {}{}", name_of(key.dtype()),
                          key.shape().to_string());
}

// Word `word` of the block that belongs to each element of `shape`, numbered in row-major order.
Array words(const Array& key, const Shape& shape, int word, Stream stream = Stream::numbers) {
  check_key(key);
  const std::int64_t count = shape.element_count();
  if (count > std::numeric_limits<std::uint32_t>::max())
    throw InvalidArgument("random", "{} has more than 2^32-1 elements", shape.to_string());
  auto everywhere = [&](const Operand& value) { return full({count}, value, DType::u32); };
  const Array block = table::iota({count}, DType::u32, 0);
  const Array zero = everywhere(0);
  const Array result = table::philox(block, zero, zero, everywhere(static_cast<int>(stream)),
                                     everywhere(key(0)), everywhere(key(1)), word);
  return reshape(result, shape);
}

// (k + 1/2) / 2^23 for the upper 23 bits k: exact in f32, and inside (0, 1).
Array open_uniform(const Array& bits) {
  return (astype(bits >> 9, DType::f32) + 0.5) * 0x1p-23;
}

Array gumbel_of(const Array& bits) {
  return -log(-log(open_uniform(bits)));
}

}  // namespace

Array key(std::uint64_t seed, std::source_location where) {
  return array({static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}, where);
}

Array split(const Operand& key, int count) {
  const WrittenAt at(key.where());
  const Shape shape{count};
  return stack(
      {words(key.array(), shape, 0, Stream::keys), words(key.array(), shape, 1, Stream::keys)}, 1);
}

Array bits(const Operand& key, const Shape& shape) {
  const WrittenAt at(key.where());
  return words(key.array(), shape, 0);
}

Array uniform(const Operand& key, const Shape& shape, double low, double high) {
  const WrittenAt at(key.where());
  const Array unit = astype(words(key.array(), shape, 0) >> 8, DType::f32) * 0x1p-24;
  if (low == 0.0 && high == 1.0)
    return unit;
  const float below_high = std::nextafter(static_cast<float>(high), static_cast<float>(low));
  return minimum(unit * (high - low) + low, below_high);
}

Array normal(const Operand& key, const Shape& shape) {
  const WrittenAt at(key.where());
  // Box and Muller, "A Note on the Generation of Random Normal Deviates" (1958).
  const Array radius = sqrt(-2.0 * log(open_uniform(words(key.array(), shape, 0))));
  const Array angle = open_uniform(words(key.array(), shape, 1)) * (2.0 * std::numbers::pi);
  return radius * cos(angle);
}

Array multivariate_normal(const Operand& key, const Operand& mean, const Operand& covariance,
                          const Shape& shape) {
  const WrittenAt at(key.where());
  const Array factor = linalg::cholesky(covariance);
  std::vector<std::int64_t> dims = shape.dims();
  dims.push_back(factor.dim(-1));
  return matmul(normal(key, Shape(std::move(dims))), swapaxes(factor, -1, -2)) + mean;
}

Array gumbel(const Operand& key, const Shape& shape) {
  const WrittenAt at(key.where());
  return gumbel_of(words(key.array(), shape, 0));
}

Array randint(const Operand& key, const Shape& shape, std::int32_t low, std::int32_t high) {
  const WrittenAt at(key.where());
  if (low >= high)
    throw InvalidArgument("random", "randint: [{}, {}) is empty", low, high);
  // The upper word of the product with the range.
  const std::int64_t range = std::int64_t{high} - low;
  const Array scaled = astype(words(key.array(), shape, 0), DType::u64) * range >> 32;
  return astype(astype(scaled, DType::i64) + static_cast<std::int64_t>(low), DType::i32);
}

Array bernoulli(const Operand& key, const Operand& p, const Shape& shape) {
  const WrittenAt at(key.where());
  return uniform(key, shape) < p;
}

Array truncated_normal(const Operand& key, const Shape& shape, double low, double high) {
  const WrittenAt at(key.where());
  if (!(low < high))
    throw InvalidArgument("random", "truncated_normal: [{}, {}] is empty", low, high);
  const double below = std::erf(low / std::numbers::sqrt2),
               up_to = std::erf(high / std::numbers::sqrt2);
  const Array share = open_uniform(words(key.array(), shape, 0));
  return clip(erfinv(share * (up_to - below) + below) * std::numbers::sqrt2, low, high);
}

Array laplace(const Operand& key, const Shape& shape) {
  const WrittenAt at(key.where());
  const Array centred = open_uniform(words(key.array(), shape, 0)) * 2 - 1;
  return -sign(centred) * log1p(-abs(centred));
}

Array permutation(const Operand& key, std::int64_t n) {
  const WrittenAt at(key.where());
  return argsort(words(key.array(), {n}, 0));
}

Array permutation(const Operand& key, const Array& rows, int axis) {
  const WrittenAt at(key.where());
  return take(rows, permutation(key, rows.dim(axis)), axis);
}

Array categorical(const Operand& key, const Operand& logits) {
  const WrittenAt at(key.where());
  const Array scores = logits.array();
  return argmax(convert(scores, DType::f32) + gumbel(key, scores.shape()), -1);
}

}  // namespace ashlar::random
