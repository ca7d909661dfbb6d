// SPDX-License-Identifier: Apache-2.0
// Rows of the op x dtype x shape x layout matrix: what to run, and how closely it must agree with
// the reference evaluator.
#pragma once

#include "runtime/array/array.h"

#include <random>
#include <vector>

namespace ashlar::testing {

// How an operand reaches the op: as it lies in memory, or through an index map.
enum class Layout { contiguous, transposed, reversed, broadcast };
inline constexpr Layout kLayouts[] = {Layout::contiguous, Layout::transposed, Layout::reversed,
                                      Layout::broadcast};

// Values that the op takes to finite results; `any` includes infinities, NaN and both zeros.
enum class Domain { any, finite, unit, positive, above_minus_one, small, angles, shifts };

// Pseudo-random leaves: the same sequence on every machine.
class Leaves {
public:
  Leaves(std::uint32_t seed, Layout layout) : random_(seed), layout_(layout) {}

  Array leaf(DType dtype, const Shape& shape, Domain domain);
  // Integers of [low, high).
  Array indices(DType dtype, const Shape& shape, std::int64_t low, std::int64_t high);
  std::int64_t number(std::int64_t low, std::int64_t high);

private:
  Array constant(DType dtype, const Shape& shape, Domain domain);
  double real(Domain domain);
  std::int64_t integer(DType dtype, Domain domain);

  std::mt19937 random_;
  Layout layout_;
};

// Results agree when they differ by at most `ulps` units in the last place of the result's type, or
// by `absolute`.
struct Tolerance {
  double ulps = 0;
  double absolute = 0;
};

struct Case {
  Array result;
  Tolerance tolerance;
};

// Units in the last place that an f32 result of an elementwise operation may be off.
double ulps_of(OpKind kind);

// The cases of one op on data of one type; empty where the op does not take it.
std::vector<Case> make_cases(const OpInfo& info, DType dtype, const Shape& shape, Leaves& leaves);

}  // namespace ashlar::testing
