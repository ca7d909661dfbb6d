// SPDX-License-Identifier: Apache-2.0
#include "codegen/math/numbers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace ashlar::codegen {

Type NumberBuilder::shaped(Type element) const {
  if (auto vector = dyn_cast<VectorType>(like_))
    return vector.clone(element);
  return element;
}

Value NumberBuilder::constant(TypedAttr scalar) {
  if (auto vector = dyn_cast<VectorType>(shaped(scalar.getType())))
    return make<arith::ConstantOp>(DenseElementsAttr::get(vector, scalar));
  return make<arith::ConstantOp>(scalar);
}

namespace {

template <typename Op, typename Result, typename... Operands>
Result apply(Number first, Operands... rest) {
  NumberBuilder& builder = first.builder();
  return Result(builder, builder.make<Op>(first.value(), rest.value()...));
}

template <typename Op, typename Result> Result convert(Number number, Type element) {
  NumberBuilder& builder = number.builder();
  return Result(builder, builder.make<Op>(builder.shaped(element), number.value()));
}

Bool compare(arith::CmpFPredicate predicate, Real a, Real b) {
  return Bool(a.builder(), a.builder().make<arith::CmpFOp>(predicate, a.value(), b.value()));
}

Bool compare(arith::CmpIPredicate predicate, Int a, Int b) {
  return Bool(a.builder(), a.builder().make<arith::CmpIOp>(predicate, a.value(), b.value()));
}

Type i32(Number number) {
  return number.builder().builder().getI32Type();
}
Type i64(Number number) {
  return number.builder().builder().getI64Type();
}
Type f32(Number number) {
  return number.builder().builder().getF32Type();
}

}  // namespace

Int Int::like(std::int64_t value) const {
  auto type = cast<IntegerType>(getElementTypeOrSelf(this->value().getType()));
  APInt bits(type.getWidth(), static_cast<std::uint64_t>(value), /*isSigned=*/true,
             /*implicitTrunc=*/true);
  return Int(builder(), builder().constant(IntegerAttr::get(type, bits)));
}

Int Int::widened() const {
  return convert<arith::ExtUIOp, Int>(*this, i64(*this));
}

Real Real::like(double value) const {
  return Real(builder(),
              builder().constant(builder().builder().getF32FloatAttr(static_cast<float>(value))));
}

Real operator+(Real a, Real b) {
  return apply<arith::AddFOp, Real>(a, b);
}
Real operator-(Real a, Real b) {
  return apply<arith::SubFOp, Real>(a, b);
}
Real operator*(Real a, Real b) {
  return apply<arith::MulFOp, Real>(a, b);
}
Real operator/(Real a, Real b) {
  return apply<arith::DivFOp, Real>(a, b);
}
Real operator-(Real a) {
  return apply<arith::NegFOp, Real>(a);
}
Real fma(Real a, Real b, Real c) {
  return apply<math::FmaOp, Real>(a, b, c);
}
Real abs(Real a) {
  return apply<math::AbsFOp, Real>(a);
}
Real floor(Real a) {
  return apply<math::FloorOp, Real>(a);
}
Real round_even(Real a) {
  return apply<math::RoundEvenOp, Real>(a);
}

Real copy_sign(Real magnitude, Real sign) {
  constexpr std::int64_t kSign = 0x80000000;
  return from_bits((bits_of(magnitude) & ~kSign) | (bits_of(sign) & kSign));
}

Bool operator<(Real a, Real b) {
  return compare(arith::CmpFPredicate::OLT, a, b);
}
Bool operator>(Real a, Real b) {
  return compare(arith::CmpFPredicate::OGT, a, b);
}
Bool operator==(Real a, Real b) {
  return compare(arith::CmpFPredicate::OEQ, a, b);
}

// By its bits: a driver may assume that floats it compares are no NaN.
Bool is_nan(Real a) {
  Int magnitude = bits_of(a) & 0x7fffffff;
  return compare(arith::CmpIPredicate::ugt, magnitude, magnitude.like(0x7f800000));
}

Int operator+(Int a, Int b) {
  return apply<arith::AddIOp, Int>(a, b);
}
Int operator-(Int a, Int b) {
  return apply<arith::SubIOp, Int>(a, b);
}
Int operator*(Int a, Int b) {
  return apply<arith::MulIOp, Int>(a, b);
}
Int operator&(Int a, Int b) {
  return apply<arith::AndIOp, Int>(a, b);
}
Int operator|(Int a, Int b) {
  return apply<arith::OrIOp, Int>(a, b);
}
Int operator^(Int a, Int b) {
  return apply<arith::XOrIOp, Int>(a, b);
}
Int operator<<(Int a, Int b) {
  return apply<arith::ShLIOp, Int>(a, b);
}
Int shift_right_signed(Int a, std::int64_t bits) {
  return apply<arith::ShRSIOp, Int>(a, a.like(bits));
}
Int shift_right_unsigned(Int a, std::int64_t bits) {
  return apply<arith::ShRUIOp, Int>(a, a.like(bits));
}
Bool operator==(Int a, std::int64_t b) {
  return compare(arith::CmpIPredicate::eq, a, a.like(b));
}
Bool operator!=(Int a, std::int64_t b) {
  return compare(arith::CmpIPredicate::ne, a, a.like(b));
}
Bool less_unsigned(Int a, std::int64_t b) {
  return compare(arith::CmpIPredicate::ult, a, a.like(b));
}

Bool operator&(Bool a, Bool b) {
  return apply<arith::AndIOp, Bool>(a, b);
}
Bool operator|(Bool a, Bool b) {
  return apply<arith::OrIOp, Bool>(a, b);
}

Bool operator!(Bool a) {
  NumberBuilder& builder = a.builder();
  Bool on(builder, builder.constant(builder.builder().getBoolAttr(true)));
  return apply<arith::XOrIOp, Bool>(a, on);
}

Real select(Bool condition, Real a, Real b) {
  return apply<arith::SelectOp, Real>(condition, a, b);
}
Int select(Bool condition, Int a, Int b) {
  return apply<arith::SelectOp, Int>(condition, a, b);
}

Int bits_of(Real a) {
  return convert<arith::BitcastOp, Int>(a, i32(a));
}
Real from_bits(Int a) {
  return convert<arith::BitcastOp, Real>(a, f32(a));
}
Int to_int(Real a) {
  return convert<arith::FPToSIOp, Int>(a, i32(a));
}
Real to_real(Int a) {
  return convert<arith::SIToFPOp, Real>(a, f32(a));
}
Real to_real_unsigned(Int a) {
  return convert<arith::UIToFPOp, Real>(a, f32(a));
}
Int truncated(Int a) {
  return convert<arith::TruncIOp, Int>(a, i32(a));
}

Real polynomial(Real x, std::initializer_list<double> coefficients) {
  auto coefficient = std::rbegin(coefficients);
  Real sum = x.like(*coefficient++);
  for (; coefficient != std::rend(coefficients); ++coefficient)
    sum = fma(sum, x, x.like(*coefficient));
  return sum;
}

Real power_of_two(Int n) {
  return from_bits((n + 127) << 23);
}

Real scale(Real x, Int n) {
  Int half = shift_right_signed(n, 1);
  return x * power_of_two(half) * power_of_two(n - half);
}

}  // namespace ashlar::codegen
