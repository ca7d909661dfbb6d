// SPDX-License-Identifier: Apache-2.0
// Elementwise operations: products of the cotangent with partial derivatives, in f32, rounded once.
#include "runtime/array/elementwise.h"

#include "runtime/array/creation.h"
#include "runtime/array/promotion.h"
#include "runtime/array/rules/rules.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <cmath>
#include <numbers>

namespace ashlar {
namespace {

using std::numbers::ln2;
using std::numbers::pi;

[[noreturn]] void no_rule(OpKind kind) {
  throw Unsupported("grad", "no derivative rule for {}", op_info(kind).name);
}

// x * sigmoid(x)
Array silu_slope(const Array& x) {
  const Array s = sigmoid(x);
  return s * (x * (1 - s) + 1);
}

// The normal distribution's value plus x times its density.
Array gelu_slope(const Array& x) {
  const Array below = (erf(x * (1 / std::numbers::sqrt2)) + 1) * 0.5;
  return below + x * exp(square(x) * -0.5) * (1 / std::sqrt(2 * pi));
}

Array gelu_tanh_slope(const Array& x) {
  const double scale = std::sqrt(2 / pi);
  const Array inner = (x + square(x) * x * 0.044715) * scale;
  const Array t = tanh(inner);
  const Array inner_slope = (square(x) * (3 * 0.044715) + 1) * scale;
  return ((t + 1) + x * (1 - square(t)) * inner_slope) * 0.5;
}

// dy/dx at x, with y the result.
Array slope(OpKind kind, const Array& x, const Array& y) {
  switch (kind) {
  case OpKind::abs:
    return sign(x);
  case OpKind::sqrt:
    return 0.5 / y;
  case OpKind::rsqrt:
    return y / x * -0.5;
  case OpKind::reciprocal:
    return -square(y);
  case OpKind::square:
    return x * 2;
  case OpKind::exp:
    return y;
  case OpKind::exp2:
    return y * ln2;
  case OpKind::expm1:
    return y + 1;
  case OpKind::log:
    return reciprocal(x);
  case OpKind::log2:
    return (1 / ln2) / x;
  case OpKind::log1p:
    return reciprocal(x + 1);
  case OpKind::sin:
    return cos(x);
  case OpKind::cos:
    return -sin(x);
  case OpKind::tan:
    return square(y) + 1;
  case OpKind::tanh:
    return 1 - square(y);
  case OpKind::erf:
    return exp(-square(x)) * (2 / std::sqrt(pi));
  case OpKind::sigmoid:
    return y * (1 - y);
  case OpKind::silu:
    return silu_slope(x);
  case OpKind::gelu:
    return gelu_slope(x);
  case OpKind::gelu_tanh:
    return gelu_tanh_slope(x);
  case OpKind::softplus:
    return sigmoid(x);
  default:
    no_rule(kind);
  }
}

Array widened(const Array& x) {
  return convert(x, DType::f32);
}

// Of operands that are equal, each gets half.
Array winner(const Array& wins, const Array& x, const Array& y) {
  return where(wins, 1.0, where(equal(x, y), 0.5, 0.0));
}

struct Slopes {
  Array of_x, of_y;
};

Slopes power_slopes(const Array& x, const Array& y, const Array& result) {
  // 0^0 is 1 around y = 0, and log 0 meets a factor 0.
  const Array of_x = y * power(x, where(equal(y, 0), 1.0, y - 1));
  const Array of_y = result * log(where(equal(x, 0), 1.0, x));
  return {of_x, of_y};
}

Slopes slopes(OpKind kind, const Array& x, const Array& y, const Array& result) {
  switch (kind) {
  case OpKind::mul:
    return {y, x};
  case OpKind::div:
    return {reciprocal(y), -result / y};
  case OpKind::remainder:
    return {ones(x.shape()), -floor(x / y)};
  case OpKind::power:
    return power_slopes(x, y, result);
  case OpKind::maximum:
    return {winner(greater(x, y), x, y), winner(less(x, y), x, y)};
  case OpKind::minimum:
    return {winner(less(x, y), x, y), winner(greater(x, y), x, y)};
  case OpKind::arctan2: {
    const Array norm = square(x) + square(y);
    return {y / norm, -x / norm};
  }
  default:
    no_rule(kind);
  }
}

Derivatives vjp_select(const Application& op, const Array& cotangent) {
  const Array none = zeros(cotangent.shape(), cotangent.dtype());
  return {std::nullopt, table::select(op.input(0), cotangent, none),
          table::select(op.input(0), none, cotangent)};
}

}  // namespace

Derivatives vjp_elementwise(const Application& op, const Array& cotangent) {
  switch (op.kind()) {
  case OpKind::cast:
    return {is_float(op.input().dtype()) ? std::optional(convert(cotangent, op.input().dtype()))
                                         : std::nullopt};
  case OpKind::select:
    return vjp_select(op, cotangent);
  case OpKind::opaque:
    return {cotangent};
  case OpKind::neg:
    return {-cotangent};
  case OpKind::add:
    return {cotangent, cotangent};
  case OpKind::sub:
    return {cotangent, -cotangent};
  default:
    break;
  }
  const Array g = widened(cotangent), x = widened(op.input()), result = widened(op.result());
  const auto times = [&](const Array& slope) { return convert(g * slope, cotangent.dtype()); };
  if (op.inputs().size() == 1)
    return {times(slope(op.kind(), x, result))};
  const auto [of_x, of_y] = slopes(op.kind(), x, widened(op.input(1)), result);
  return {times(of_x), times(of_y)};
}

Array batch_elementwise(const Batched& op) {
  Arrays operands;
  for (std::size_t i = 0; i < op.inputs.size(); ++i)
    operands.push_back(op.batched_input(i));
  return apply(op.node.kind(), std::move(operands), op.attributes());
}

}  // namespace ashlar
