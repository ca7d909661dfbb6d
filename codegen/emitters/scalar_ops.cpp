// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/scalar_ops.h"

#include "codegen/emitters/scalars.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace ashlar::codegen {
namespace {

// `x` in 64 bits, from halves of 32 bits each, which are exact: NVIDIA's 580.159 takes the low word
// of a conversion to 64 bits for a conversion to 32, which saturates.
Value float_to_64_bits(const Scalars& to, Value x) {
  KernelBuilder& b = to.b;
  const Value zero = to.real(0);
  const Value is_negative = to.test(CmpFPredicate::OLT, x, zero);
  const Value size = to.select(is_negative, b.make<arith::NegFOp>(x), x);
  const auto word_of = [&](Value part) -> Value {
    return b.make<arith::ExtUIOp>(to.type(), b.make<arith::FPToUIOp>(b.getI32Type(), part));
  };
  const Value high =
      b.make<math::FloorOp>(b.make<arith::MulFOp>(size, to.real(std::ldexp(1.0, -32))));
  const Value low = b.make<math::FmaOp>(high, to.real(-std::ldexp(1.0, 32)), size);
  const Value upper = b.make<arith::ShLIOp>(word_of(high), to.number(32));
  const Value number = b.make<arith::OrIOp>(upper, word_of(low));
  return to.select(is_negative, b.make<arith::SubIOp>(to.number(0), number), number);
}

Value float_to_integer(const Scalars& to, Value x) {
  const bool is_unsigned = to.is_unsigned();
  const double high = std::ldexp(1.0, static_cast<int>(to.bits()) - (is_unsigned ? 0 : 1));
  const double low = is_unsigned ? 0 : -high;
  Value below_high = to.test(CmpFPredicate::OLT, x, to.real(high));
  Value above_low = to.test(CmpFPredicate::OGT, x, to.real(low));
  Value safe = to.select(to.b.both(below_high, above_low), x, to.real(0));
  Value inside = to.bits() == 64 ? float_to_64_bits(to, safe)
                 : is_unsigned   ? Value(to.b.make<arith::FPToUIOp>(to.type(), safe))
                                 : Value(to.b.make<arith::FPToSIOp>(to.type(), safe));
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

// Words in two halves, each exact. NVIDIA's compiler (580.159) takes a word that was sign-extended
// from a narrow integer for signed, and one that is the lesser of x and -x for unsigned.
Value integer_to_float(const Scalars& from, Value x) {
  KernelBuilder& b = from.b;
  const auto from_unsigned = [&](Value part) -> Value {
    return b.make<arith::UIToFPOp>(b.getF32Type(), part);
  };
  const auto converted = [&](Value part) -> Value {
    return from.is_unsigned() ? from_unsigned(part)
                              : Value(b.make<arith::SIToFPOp>(b.getF32Type(), part));
  };
  if (from.bits() != 32)
    return converted(x);
  const Value half = from.number(16);
  const Value high = from.is_unsigned() ? Value(b.make<arith::ShRUIOp>(x, half))
                                        : Value(b.make<arith::ShRSIOp>(x, half));
  return from.addf(from.mulf(converted(high), from.real(0x10000)),
                   from_unsigned(from.andi(x, from.number(0xffff))));
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
    return round_to(b, to_dtype, integer_to_float(from, value));
  return integer_to_integer(from, to, value);
}

// Narrow numbers stand in the low half of a word.
static Value scalar_bitcast(KernelBuilder& b, Value value, DType from, DType to) {
  const bool is_narrow = size_of(from) == 2;
  Value bits = value;
  if (is_float(from))
    bits = is_narrow ? pack_words(b, from, Values{value, b.f32(0)})[0] : bits_of(b, value);
  if (is_float(to))
    return is_narrow ? unpack_words(b, to, bits)[0] : float_of(b, bits);
  return Scalars{b, to}.wrap(bits);
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
  if (kind == OpKind::bitcast)
    return scalar_bitcast(b, operands[0], from, to);
  if (kind == OpKind::select)
    return b.select(operands[0], operands[1], operands[2]);
  if (kind == OpKind::opaque)
    return operands[0];
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
