// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011). A key is a u32[2] array;
// equal keys give equal numbers on every device. Bits and uniforms are exact; normal and Gumbel
// follow from them by log, cos and sqrt.
#pragma once

#include "runtime/array/array.h"

namespace ashlar::random {

Array key(std::uint64_t seed, std::source_location where = std::source_location::current());
// `count` independent keys, [count, 2].
Array split(const Operand& key, int count = 2);

// Random 32-bit words (u32).
Array bits(const Operand& key, const Shape& shape);
// In [low, high), multiples of 2^-24 of the range.
Array uniform(const Operand& key, const Shape& shape, double low = 0.0, double high = 1.0);
Array normal(const Operand& key, const Shape& shape);
// Vectors [shape..., n] with a mean [n] and a positive definite covariance [n, n], which is
// factored on the host (runtime/array/linalg.h).
Array multivariate_normal(const Operand& key, const Operand& mean, const Operand& covariance,
                          const Shape& shape);
// -log(-log(u)).
Array gumbel(const Operand& key, const Shape& shape);
// Integers (i32) of [low, high); throws InvalidArgument when there are none. Each has its
// probability up to 2^-32 of the range.
Array randint(const Operand& key, const Shape& shape, std::int32_t low, std::int32_t high);
// True with probability `p`, which broadcasts to the shape.
Array bernoulli(const Operand& key, const Operand& p, const Shape& shape);
// Normal numbers, given that they lie in [low, high].
Array truncated_normal(const Operand& key, const Shape& shape, double low, double high);
// Density exp(-|x|) / 2.
Array laplace(const Operand& key, const Shape& shape);
// 0 .. n-1 in random order (i32), or the rows of an array along `axis`.
Array permutation(const Operand& key, std::int64_t n);
Array permutation(const Operand& key, const Array& rows, int axis = 0);

// Index (i32) drawn with probability softmax(logits) along the last axis.
Array categorical(const Operand& key, const Operand& logits);

}  // namespace ashlar::random
