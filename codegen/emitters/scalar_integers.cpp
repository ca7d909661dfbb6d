// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/scalars.h"

using namespace mlir;
using arith::CmpIPredicate;

namespace ashlar::codegen {
namespace {

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

// Not selects on x < 0 and x == 0: NVIDIA's compiler turns those into an operation it then refuses.
Value sign_of(const Scalars& s, Value x) {
  Value capped = scalar_extremum(s.b, false, s.dtype, x, s.number(1));
  return s.is_unsigned() ? capped : scalar_extremum(s.b, true, s.dtype, capped, s.number(-1));
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

}  // namespace

Value integer_unary(const Scalars& s, OpKind kind, Value x) {
  Value zero = s.number(0);
  Value negative = s.is_unsigned() ? s.b.boolean(false) : s.test(CmpIPredicate::slt, x, zero);
  switch (kind) {
  case OpKind::neg:
    return s.wrap(s.subi(zero, x));
  case OpKind::abs:
    return s.wrap(s.select(negative, s.subi(zero, x), x));
  case OpKind::sign:
    return sign_of(s, x);
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

}  // namespace ashlar::codegen
