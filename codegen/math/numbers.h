// SPDX-License-Identifier: Apache-2.0
// Expressions over f32 and integer values of kernel IR, scalars and vectors alike, so that numeric
// code reads as formulas. An expression builds its op at once; operands must agree in shape. Float
// comparisons are ordered: false where an operand is NaN.
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

#include <cstdint>
#include <initializer_list>

namespace ashlar::codegen {

// Where ops go. `like` gives the shape that constants take.
class NumberBuilder {
public:
  NumberBuilder(mlir::OpBuilder& builder, mlir::Location loc, mlir::Type like)
      : builder_(builder), loc_(loc), like_(like) {}

  template <typename Op, typename... Args> mlir::Value make(Args&&... args) {
    return Op::create(builder_, loc_, std::forward<Args>(args)...);
  }
  // The shape of `like` with another element type.
  mlir::Type shaped(mlir::Type element) const;
  mlir::Value constant(mlir::TypedAttr scalar);
  mlir::OpBuilder& builder() { return builder_; }

private:
  mlir::OpBuilder& builder_;
  mlir::Location loc_;
  mlir::Type like_;
};

class Number {
public:
  Number(NumberBuilder& builder, mlir::Value value) : builder_(&builder), value_(value) {}
  mlir::Value value() const { return value_; }
  NumberBuilder& builder() const { return *builder_; }

private:
  NumberBuilder* builder_;
  mlir::Value value_;
};

class Bool : public Number {
  using Number::Number;
};

// A signless integer of any width; operations say how they read the sign.
class Int : public Number {
public:
  using Number::Number;
  Int like(std::int64_t value) const;  // a constant of the same type
  Int widened() const;                 // to 64 bits, zero extended
};

class Real : public Number {
public:
  using Number::Number;
  Real like(double value) const;
};

Real operator+(Real a, Real b);
Real operator-(Real a, Real b);
Real operator*(Real a, Real b);
Real operator/(Real a, Real b);
Real operator-(Real a);
inline Real operator+(Real a, double b) {
  return a + a.like(b);
}
inline Real operator-(Real a, double b) {
  return a - a.like(b);
}
inline Real operator*(Real a, double b) {
  return a * a.like(b);
}
inline Real operator/(Real a, double b) {
  return a / a.like(b);
}
inline Real operator+(double a, Real b) {
  return b.like(a) + b;
}
inline Real operator-(double a, Real b) {
  return b.like(a) - b;
}
inline Real operator*(double a, Real b) {
  return b.like(a) * b;
}
inline Real operator/(double a, Real b) {
  return b.like(a) / b;
}
// a * b + c. One rounding or two: some drivers have no fused form, so no expansion may rely on one.
Real fma(Real a, Real b, Real c);
Real abs(Real a);
Real floor(Real a);
Real round_even(Real a);
Real copy_sign(Real magnitude, Real sign);

Bool operator<(Real a, Real b);
Bool operator>(Real a, Real b);
Bool operator==(Real a, Real b);
Bool is_nan(Real a);
inline Bool operator<(Real a, double b) {
  return a < a.like(b);
}
inline Bool operator>(Real a, double b) {
  return a > a.like(b);
}
inline Bool operator==(Real a, double b) {
  return a == a.like(b);
}

Int operator+(Int a, Int b);
Int operator-(Int a, Int b);
Int operator*(Int a, Int b);
Int operator&(Int a, Int b);
Int operator|(Int a, Int b);
Int operator^(Int a, Int b);
Int operator<<(Int a, Int b);
Int shift_right_signed(Int a, std::int64_t bits);
Int shift_right_unsigned(Int a, std::int64_t bits);
inline Int operator+(Int a, std::int64_t b) {
  return a + a.like(b);
}
inline Int operator-(Int a, std::int64_t b) {
  return a - a.like(b);
}
inline Int operator&(Int a, std::int64_t b) {
  return a & a.like(b);
}
inline Int operator|(Int a, std::int64_t b) {
  return a | a.like(b);
}
inline Int operator<<(Int a, std::int64_t b) {
  return a << a.like(b);
}
Bool operator==(Int a, std::int64_t b);
Bool operator!=(Int a, std::int64_t b);
Bool less_unsigned(Int a, std::int64_t b);

Bool operator&(Bool a, Bool b);
Bool operator|(Bool a, Bool b);
Bool operator!(Bool a);

Real select(Bool condition, Real a, Real b);
Int select(Bool condition, Int a, Int b);
inline Real select(Bool condition, double a, Real b) {
  return select(condition, b.like(a), b);
}
inline Real select(Bool condition, Real a, double b) {
  return select(condition, a, a.like(b));
}

Int bits_of(Real a);  // i32
Real from_bits(Int a);
Int to_int(Real a);   // i32, towards zero; any value where it does not fit
Real to_real(Int a);  // signed
Real to_real_unsigned(Int a);
Int truncated(Int a);  // 64 bits to the lower 32

// c[0] + c[1] x + c[2] x^2 + ...
Real polynomial(Real x, std::initializer_list<double> coefficients);

// 2^n for n in [-126, 127].
Real power_of_two(Int n);
// x * 2^n for n in [-252, 254]; overflows and underflows as the exact product does.
Real scale(Real x, Int n);

}  // namespace ashlar::codegen
