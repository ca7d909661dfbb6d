// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/scalars.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace ashlar::codegen {
namespace {

Value sigmoid(const Scalars& s, Value x) {
  Value e = s.b.make<math::ExpOp>(s.b.make<arith::NegFOp>(x));
  return s.divf(s.real(1), s.addf(s.real(1), e));
}

Value sign_of(const Scalars& s, Value x) {
  Value not_positive = s.select(s.test(CmpFPredicate::OLT, x, s.real(0)), s.real(-1), x);
  return s.select(s.test(CmpFPredicate::OGT, x, s.real(0)), s.real(1), not_positive);
}

Value gelu(const Scalars& s, Value x) {
  Value erf = s.b.make<math::ErfOp>(s.mulf(x, s.real(1 / std::numbers::sqrt2)));
  return s.mulf(s.mulf(x, s.real(0.5)), s.addf(s.real(1), erf));
}

// (1 + tanh(u)) / 2 is sigmoid(2 u), which loses nothing where tanh is close to -1.
Value gelu_tanh(const Scalars& s, Value x) {
  Value cubic = s.mulf(s.mulf(s.mulf(s.real(0.044715), x), x), x);
  Value twice_inner = s.mulf(s.real(2 * std::sqrt(2 / std::numbers::pi)), s.addf(x, cubic));
  return s.mulf(x, sigmoid(s, twice_inner));
}

// max(x, 0) + log1p(exp(-|x|)) does not overflow.
Value softplus(const Scalars& s, Value x) {
  Value e = s.b.make<math::ExpOp>(s.b.make<arith::NegFOp>(s.b.make<math::AbsFOp>(x)));
  Value above = s.select(s.test(CmpFPredicate::OLT, x, s.real(0)), s.real(0), x);
  return s.addf(above, s.b.make<math::Log1pOp>(e));
}

// The low half of x: x - low has at most 12 significant bits (Veltkamp's split).
Value low_half(const Scalars& s, Value x) {
  Value scaled = s.mulf(x, s.real(4097));
  return s.subf(x, s.subf(scaled, s.subf(scaled, x)));
}

// x - a * b with the product exact (Dekker 1971). Not by fma, which some drivers round twice.
Value subtract_product(const Scalars& s, Value x, Value a, Value b) {
  Value product = s.mulf(a, b);
  Value a_low = low_half(s, a), b_low = low_half(s, b);
  Value a_high = s.subf(a, a_low), b_high = s.subf(b, b_low);
  Value error = s.subf(product, s.mulf(a_high, b_high));
  error = s.subf(s.subf(error, s.mulf(a_low, b_high)), s.mulf(a_high, b_low));
  error = s.subf(error, s.mulf(a_low, b_low));
  return s.addf(s.subf(x, product), error);
}

// x / y may round up to the next integer: the exact remainder tells.
struct FloorDivision {
  Value quotient, remainder;
};

FloorDivision floor_division(const Scalars& s, Value x, Value y) {
  Value quotient = s.b.make<math::FloorOp>(s.divf(x, y));
  Value remainder = subtract_product(s, x, quotient, y);
  Value sign = s.b.make<math::CopySignOp>(s.real(1), y);
  Value opposite = s.test(CmpFPredicate::OLT, s.mulf(sign, remainder), s.real(0));
  return {s.select(opposite, s.subf(quotient, s.real(1)), quotient),
          s.select(opposite, s.addf(remainder, y), remainder)};
}

Value float_remainder(const Scalars& s, Value x, Value y) {
  Value remainder = floor_division(s, x, y).remainder;
  Value is_zero = s.test(CmpFPredicate::OEQ, remainder, s.real(0));
  remainder = s.select(is_zero, s.b.make<math::CopySignOp>(s.real(0), y), remainder);
  // Finite by infinite: x itself, or y where the signs differ.
  Value same_sign =
      s.test(CmpIPredicate::sge, s.xori(bits_of(s.b, x), bits_of(s.b, y)), s.b.i32(0));
  Value keeps = s.b.both(s.is_inf(y),
                         s.test(CmpFPredicate::OLT, s.b.make<math::AbsFOp>(x), s.real(INFINITY)));
  Value limit = s.select(s.ori(same_sign, s.test(CmpFPredicate::OEQ, x, s.real(0))), x, y);
  return s.select(keeps, limit, remainder);
}

Value float_floor_divide(const Scalars& s, Value x, Value y) {
  FloorDivision division = floor_division(s, x, y);
  // Where the quotient is infinite or x is divided by infinity there is no remainder to look at.
  Value plain = s.b.make<math::FloorOp>(s.divf(x, y));
  Value special = s.ori(s.is_inf(y), s.ori(s.is_inf(plain), s.is_nan(division.remainder)));
  return s.select(special, plain, division.quotient);
}

}  // namespace

Value float_unary(const Scalars& s, OpKind kind, Value x) {
  KernelBuilder& b = s.b;
  switch (kind) {
  case OpKind::neg:
    return b.make<arith::NegFOp>(x);
  case OpKind::abs:
    return b.make<math::AbsFOp>(x);
  case OpKind::sign:
    return sign_of(s, x);
  case OpKind::floor:
    return b.make<math::FloorOp>(x);
  case OpKind::ceil:
    return b.make<math::CeilOp>(x);
  case OpKind::round:
    return b.make<math::RoundEvenOp>(x);
  case OpKind::trunc:
    return b.make<math::CopySignOp>(b.make<math::FloorOp>(b.make<math::AbsFOp>(x)), x);
  case OpKind::sqrt:
    return b.make<math::SqrtOp>(x);
  case OpKind::rsqrt:
    return s.divf(s.real(1), b.make<math::SqrtOp>(x));
  case OpKind::reciprocal:
    return s.divf(s.real(1), x);
  case OpKind::square:
    return s.mulf(x, x);
  case OpKind::exp:
    return b.make<math::ExpOp>(x);
  case OpKind::exp2:
    return b.make<math::Exp2Op>(x);
  case OpKind::expm1:
    return b.make<math::ExpM1Op>(x);
  case OpKind::log:
    return b.make<math::LogOp>(x);
  case OpKind::log2:
    return b.make<math::Log2Op>(x);
  case OpKind::log1p:
    return b.make<math::Log1pOp>(x);
  case OpKind::sin:
    return b.make<math::SinOp>(x);
  case OpKind::cos:
    return b.make<math::CosOp>(x);
  case OpKind::tan:
    return b.make<math::TanOp>(x);
  case OpKind::tanh:
    return b.make<math::TanhOp>(x);
  case OpKind::erf:
    return b.make<math::ErfOp>(x);
  case OpKind::sigmoid:
    return sigmoid(s, x);
  case OpKind::silu:
    return s.mulf(x, sigmoid(s, x));
  case OpKind::gelu:
    return gelu(s, x);
  case OpKind::gelu_tanh:
    return gelu_tanh(s, x);
  case OpKind::softplus:
    return softplus(s, x);
  case OpKind::is_nan:
    return s.is_nan(x);
  case OpKind::is_inf:
    return s.is_inf(x);
  default:
    return {};
  }
}

Value float_binary(const Scalars& s, OpKind kind, Value x, Value y) {
  switch (kind) {
  case OpKind::add:
    return s.addf(x, y);
  case OpKind::sub:
    return s.subf(x, y);
  case OpKind::mul:
    return s.mulf(x, y);
  case OpKind::div:
    return s.divf(x, y);
  case OpKind::floor_divide:
    return float_floor_divide(s, x, y);
  case OpKind::remainder:
    return float_remainder(s, x, y);
  case OpKind::power:
    return s.b.make<math::PowFOp>(x, y);
  case OpKind::maximum:
  case OpKind::minimum:
    return scalar_extremum(s.b, kind == OpKind::maximum, s.dtype, x, y);
  case OpKind::arctan2:
    return s.b.make<math::Atan2Op>(x, y);
  case OpKind::equal:
    return s.test(CmpFPredicate::OEQ, x, y);
  case OpKind::not_equal:
    return s.test(CmpFPredicate::UNE, x, y);
  case OpKind::less:
    return s.test(CmpFPredicate::OLT, x, y);
  case OpKind::less_equal:
    return s.test(CmpFPredicate::OLE, x, y);
  case OpKind::greater:
    return s.test(CmpFPredicate::OGT, x, y);
  case OpKind::greater_equal:
    return s.test(CmpFPredicate::OGE, x, y);
  default:
    return {};
  }
}

}  // namespace ashlar::codegen
