// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/scalar_ops.h"

#include "codegen/emitters/storage.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace ashlar::codegen {
namespace {

// Short names for what the rules below are made of.
struct Scalars {
  KernelBuilder& b;
  DType dtype;

  Type type() const { return compute_type(b, dtype); }
  Value number(std::int64_t value) const { return b.integer(type(), value); }
  Value real(double value) const { return b.f32(value); }
  bool is_unsigned() const { return !is_signed(dtype); }
  std::int64_t bits() const { return static_cast<std::int64_t>(size_of(dtype) * 8); }

  Value addf(Value x, Value y) const { return b.make<arith::AddFOp>(x, y); }
  Value subf(Value x, Value y) const { return b.make<arith::SubFOp>(x, y); }
  Value mulf(Value x, Value y) const { return b.make<arith::MulFOp>(x, y); }
  Value divf(Value x, Value y) const { return b.make<arith::DivFOp>(x, y); }
  Value addi(Value x, Value y) const { return b.make<arith::AddIOp>(x, y); }
  Value subi(Value x, Value y) const { return b.make<arith::SubIOp>(x, y); }
  Value muli(Value x, Value y) const { return b.make<arith::MulIOp>(x, y); }
  Value andi(Value x, Value y) const { return b.make<arith::AndIOp>(x, y); }
  Value ori(Value x, Value y) const { return b.make<arith::OrIOp>(x, y); }
  Value xori(Value x, Value y) const { return b.make<arith::XOrIOp>(x, y); }
  Value test(CmpFPredicate p, Value x, Value y) const { return b.make<arith::CmpFOp>(p, x, y); }
  Value test(CmpIPredicate p, Value x, Value y) const { return b.make<arith::CmpIOp>(p, x, y); }
  Value select(Value c, Value x, Value y) const { return b.select(c, x, y); }

  // By bits: compilers of drivers may assume that there are no NaNs.
  Value magnitude_bits(Value x) const { return andi(bits_of(b, x), b.i32(0x7fffffff)); }
  Value is_nan(Value x) const {
    return test(CmpIPredicate::ugt, magnitude_bits(x), b.i32(0x7f800000));
  }
  Value is_inf(Value x) const {
    return test(CmpIPredicate::eq, magnitude_bits(x), b.i32(0x7f800000));
  }

  // Narrow integers live in i32: back to their range after an operation that may leave it.
  Value wrap(Value x) const {
    if (bits() >= 32)
      return x;
    Value above = b.i32(32 - bits());
    Value top = b.make<arith::ShLIOp>(x, above);
    return is_unsigned() ? b.make<arith::ShRUIOp>(top, above) : b.make<arith::ShRSIOp>(top, above);
  }
};

// ---- Floats

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

// ---- Integers and bools

Value integer_unary(const Scalars& s, OpKind kind, Value x) {
  Value zero = s.number(0);
  Value negative = s.is_unsigned() ? s.b.boolean(false) : s.test(CmpIPredicate::slt, x, zero);
  switch (kind) {
  case OpKind::neg:
    return s.wrap(s.subi(zero, x));
  case OpKind::abs:
    return s.wrap(s.select(negative, s.subi(zero, x), x));
  case OpKind::sign: {
    Value nonzero = s.select(negative, s.number(-1), s.number(1));
    return s.select(s.test(CmpIPredicate::eq, x, zero), zero, nonzero);
  }
  case OpKind::square:
    return s.wrap(s.muli(x, x));
  case OpKind::logical_not:
  case OpKind::bitwise_not:
    return s.dtype == DType::boolean ? s.xori(x, s.b.boolean(true))
                                     : s.wrap(s.xori(x, s.number(-1)));
  default:
    return {};
  }
}

// Division by 0 and by -1 never reaches the hardware: both may trap on CPU drivers.
Value signed_division(const Scalars& s, OpKind kind, Value x, Value y) {
  Value zero = s.number(0);
  Value by_zero = s.test(CmpIPredicate::eq, y, zero);
  Value by_minus_one = s.test(CmpIPredicate::eq, y, s.number(-1));
  Value divisor = s.select(s.ori(by_zero, by_minus_one), s.number(1), y);
  Value quotient = s.b.make<arith::DivSIOp>(x, divisor);
  Value remainder = s.subi(x, s.muli(quotient, divisor));
  Value opposite = s.test(CmpIPredicate::slt, s.xori(remainder, divisor), zero);
  Value adjust = s.b.both(opposite, s.test(CmpIPredicate::ne, remainder, zero));
  if (kind == OpKind::remainder) {
    Value floored = s.select(adjust, s.addi(remainder, divisor), remainder);
    return s.select(s.ori(by_zero, by_minus_one), zero, floored);
  }
  Value floored = s.select(adjust, s.subi(quotient, s.number(1)), quotient);
  floored = s.select(by_minus_one, s.wrap(s.subi(zero, x)), floored);
  return s.select(by_zero, zero, floored);
}

Value unsigned_division(const Scalars& s, OpKind kind, Value x, Value y) {
  Value by_zero = s.test(CmpIPredicate::eq, y, s.number(0));
  Value divisor = s.select(by_zero, s.number(1), y);
  Value result = kind == OpKind::remainder ? s.b.make<arith::RemUIOp>(x, divisor)
                                           : s.b.make<arith::DivUIOp>(x, divisor);
  return s.select(by_zero, s.number(0), result);
}

Value shift(const Scalars& s, OpKind kind, Value x, Value y) {
  // A negative count is a large unsigned one.
  Value inside = s.test(CmpIPredicate::ult, y, s.number(s.bits()));
  Value count = s.select(inside, y, s.number(s.is_unsigned() ? 0 : s.bits() - 1));
  if (kind == OpKind::left_shift)
    return s.select(inside, s.wrap(s.b.make<arith::ShLIOp>(x, count)), s.number(0));
  if (!s.is_unsigned())
    return s.b.make<arith::ShRSIOp>(x, count);
  return s.select(inside, s.b.make<arith::ShRUIOp>(x, count), s.number(0));
}

Value integer_compare(const Scalars& s, OpKind kind, Value x, Value y) {
  const bool u = s.is_unsigned();
  switch (kind) {
  case OpKind::equal:
    return s.test(CmpIPredicate::eq, x, y);
  case OpKind::not_equal:
    return s.test(CmpIPredicate::ne, x, y);
  case OpKind::less:
    return s.test(u ? CmpIPredicate::ult : CmpIPredicate::slt, x, y);
  case OpKind::less_equal:
    return s.test(u ? CmpIPredicate::ule : CmpIPredicate::sle, x, y);
  case OpKind::greater:
    return s.test(u ? CmpIPredicate::ugt : CmpIPredicate::sgt, x, y);
  case OpKind::greater_equal:
    return s.test(u ? CmpIPredicate::uge : CmpIPredicate::sge, x, y);
  default:
    return {};
  }
}

Value integer_binary(const Scalars& s, OpKind kind, Value x, Value y) {
  switch (kind) {
  case OpKind::add:
    return s.wrap(s.addi(x, y));
  case OpKind::sub:
    return s.wrap(s.subi(x, y));
  case OpKind::mul:
    return s.wrap(s.muli(x, y));
  case OpKind::floor_divide:
  case OpKind::remainder:
    return s.is_unsigned() ? unsigned_division(s, kind, x, y) : signed_division(s, kind, x, y);
  case OpKind::maximum:
  case OpKind::minimum:
    return scalar_extremum(s.b, kind == OpKind::maximum, s.dtype, x, y);
  case OpKind::logical_and:
  case OpKind::bitwise_and:
    return s.andi(x, y);
  case OpKind::logical_or:
  case OpKind::bitwise_or:
    return s.ori(x, y);
  case OpKind::bitwise_xor:
    return s.xori(x, y);
  case OpKind::left_shift:
  case OpKind::right_shift:
    return shift(s, kind, x, y);
  default:
    return integer_compare(s, kind, x, y);
  }
}

// ---- Casts

Value float_to_integer(const Scalars& to, Value x) {
  const bool is_unsigned = to.is_unsigned();
  const double high = std::ldexp(1.0, static_cast<int>(to.bits()) - (is_unsigned ? 0 : 1));
  const double low = is_unsigned ? 0 : -high;
  Value below_high = to.test(CmpFPredicate::OLT, x, to.real(high));
  Value above_low = to.test(CmpFPredicate::OGT, x, to.real(low));
  Value safe = to.select(to.b.both(below_high, above_low), x, to.real(0));
  Value inside = is_unsigned ? to.b.make<arith::FPToUIOp>(to.type(), safe)
                             : to.b.make<arith::FPToSIOp>(to.type(), safe);
  const auto largest =
      static_cast<std::int64_t>(~std::uint64_t{0} >> (64 - to.bits() + (is_unsigned ? 0 : 1)));
  const std::int64_t least = is_unsigned ? 0 : -largest - 1;
  Value too_high = to.test(CmpFPredicate::OGE, x, to.real(high));
  Value too_low = to.test(CmpFPredicate::OLE, x, to.real(low));
  return to.select(too_high, to.number(largest), to.select(too_low, to.number(least), inside));
}

Value integer_to_integer(const Scalars& from, const Scalars& to, Value x) {
  if (from.bits() < 64 && to.bits() == 64)
    return from.is_unsigned() ? to.b.make<arith::ExtUIOp>(to.type(), x)
                              : to.b.make<arith::ExtSIOp>(to.type(), x);
  if (from.bits() == 64 && to.bits() < 64)
    x = to.b.make<arith::TruncIOp>(to.type(), x);
  return to.wrap(x);
}

}  // namespace

Value scalar_cast(KernelBuilder& b, Value value, DType from_dtype, DType to_dtype) {
  const Scalars from{b, from_dtype}, to{b, to_dtype};
  if (from_dtype == to_dtype)
    return value;
  if (to_dtype == DType::boolean)
    return is_float(from_dtype) ? to.test(CmpFPredicate::UNE, value, b.f32(0))
                                : to.test(CmpIPredicate::ne, value, from.number(0));
  if (from_dtype == DType::boolean)
    return is_float(to_dtype) ? b.select(value, b.f32(1), b.f32(0))
                              : b.make<arith::ExtUIOp>(to.type(), value);
  if (is_float(from_dtype))
    return is_float(to_dtype) ? round_to(b, to_dtype, value) : float_to_integer(to, value);
  if (is_float(to_dtype))
    return round_to(b, to_dtype,
                    from.is_unsigned() ? b.make<arith::UIToFPOp>(b.getF32Type(), value)
                                       : b.make<arith::SIToFPOp>(b.getF32Type(), value));
  return integer_to_integer(from, to, value);
}

Value scalar_extremum(KernelBuilder& b, bool largest, DType dtype, Value x, Value y) {
  const Scalars s{b, dtype};
  if (!is_float(dtype)) {
    const CmpIPredicate less = s.is_unsigned() ? CmpIPredicate::ult : CmpIPredicate::slt;
    Value x_less = s.test(less, x, y);
    return largest ? s.select(x_less, y, x) : s.select(x_less, x, y);
  }
  Value wins = s.test(largest ? CmpFPredicate::OGT : CmpFPredicate::OLT, x, y);
  Value result = s.select(s.ori(wins, s.is_nan(x)), x, y);
  return result;
}

Value scalar_op(KernelBuilder& b, OpKind kind, ValueRange operands, DType from, DType to) {
  if (kind == OpKind::cast)
    return scalar_cast(b, operands[0], from, to);
  if (kind == OpKind::select)
    return b.select(operands[0], operands[1], operands[2]);
  const Scalars s{b, from};
  if (!is_float(from))
    return operands.size() == 1 ? integer_unary(s, kind, operands[0])
                                : integer_binary(s, kind, operands[0], operands[1]);
  Value result = operands.size() == 1 ? float_unary(s, kind, operands[0])
                                      : float_binary(s, kind, operands[0], operands[1]);
  return result && is_float(to) ? round_to(b, to, result) : result;
}

// Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011, section 4.3.
Value philox_word(KernelBuilder& b, ValueRange operands, std::int64_t word) {
  const Scalars s{b, DType::u32};
  std::array<Value, 4> c = {operands[0], operands[1], operands[2], operands[3]};
  Value k0 = operands[4], k1 = operands[5];
  for (int round = 0; round < 10; ++round) {
    auto p0 = arith::MulUIExtendedOp::create(b, c[0], b.i32(0xD2511F53));
    auto p1 = arith::MulUIExtendedOp::create(b, c[2], b.i32(0xCD9E8D57));
    c = {s.xori(s.xori(p1.getHigh(), c[1]), k0), p1.getLow(),
         s.xori(s.xori(p0.getHigh(), c[3]), k1), p0.getLow()};
    k0 = s.addi(k0, b.i32(0x9E3779B9));
    k1 = s.addi(k1, b.i32(0xBB67AE85));
  }
  return c[static_cast<std::size_t>(word) % 4];
}

Value scalar_constant(KernelBuilder& b, DType dtype, double value) {
  if (is_float(dtype)) {
    const auto single = static_cast<float>(value);
    return b.f32(dtype == DType::bf16  ? bf16_to_float(float_to_bf16(single))
                 : dtype == DType::f16 ? f16_to_float(float_to_f16(single))
                                       : single);
  }
  if (dtype == DType::boolean)
    return b.boolean(value != 0);
  // 2^63 and above only fit u64.
  const auto whole = value >= 0x1p63 ? static_cast<std::int64_t>(static_cast<std::uint64_t>(value))
                                     : static_cast<std::int64_t>(value);
  const Scalars s{b, dtype};
  return s.wrap(s.number(whole));
}

Value sort_key(KernelBuilder& b, DType dtype, Value value, bool ascending) {
  const Scalars s{b, dtype};
  Value all_ones = b.integer(size_of(dtype) == 8 ? b.getI64Type() : b.getI32Type(), -1);
  if (dtype == DType::boolean)
    value = b.make<arith::ExtUIOp>(b.getI32Type(), value);
  if (!is_float(dtype)) {
    const bool wide = size_of(dtype) == 8;
    Value sign = wide ? b.integer(b.getI64Type(), INT64_MIN) : b.i32(INT32_MIN);
    Value key = s.is_unsigned() ? value : s.xori(value, sign);
    return ascending ? key : s.xori(key, all_ones);
  }
  Value is_zero = s.test(CmpFPredicate::OEQ, value, b.f32(0));
  Value bits = s.select(is_zero, b.i32(0), bits_of(b, value));
  Value negative = s.test(CmpIPredicate::slt, bits, b.i32(0));
  Value key = s.select(negative, s.xori(bits, all_ones), s.xori(bits, b.i32(INT32_MIN)));
  key = ascending ? key : s.xori(key, all_ones);
  return s.select(s.is_nan(value), all_ones, key);
}

}  // namespace ashlar::codegen
