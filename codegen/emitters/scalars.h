// SPDX-License-Identifier: Apache-2.0
// What the rules of scalar_ops are made of: short names, and the rules by kind of operand.
#pragma once

#include "codegen/emitters/storage.h"
#include "ir/op_info.h"

namespace ashlar::codegen {

// One dtype's arithmetic.
struct Scalars {
  KernelBuilder& b;
  DType dtype;

  mlir::Type type() const { return compute_type(b, dtype); }
  Value number(std::int64_t value) const { return b.integer(type(), value); }
  Value real(double value) const { return b.f32(value); }
  bool is_unsigned() const { return !is_signed(dtype); }
  std::int64_t bits() const { return static_cast<std::int64_t>(size_of(dtype) * 8); }

  Value addf(Value x, Value y) const { return b.make<mlir::arith::AddFOp>(x, y); }
  Value subf(Value x, Value y) const { return b.make<mlir::arith::SubFOp>(x, y); }
  Value mulf(Value x, Value y) const { return b.make<mlir::arith::MulFOp>(x, y); }
  Value divf(Value x, Value y) const { return b.make<mlir::arith::DivFOp>(x, y); }
  Value addi(Value x, Value y) const { return b.make<mlir::arith::AddIOp>(x, y); }
  Value subi(Value x, Value y) const { return b.make<mlir::arith::SubIOp>(x, y); }
  Value muli(Value x, Value y) const { return b.make<mlir::arith::MulIOp>(x, y); }
  Value andi(Value x, Value y) const { return b.make<mlir::arith::AndIOp>(x, y); }
  Value ori(Value x, Value y) const { return b.make<mlir::arith::OrIOp>(x, y); }
  Value xori(Value x, Value y) const { return b.make<mlir::arith::XOrIOp>(x, y); }
  Value test(mlir::arith::CmpFPredicate p, Value x, Value y) const {
    return b.make<mlir::arith::CmpFOp>(p, x, y);
  }
  Value test(mlir::arith::CmpIPredicate p, Value x, Value y) const {
    return b.make<mlir::arith::CmpIOp>(p, x, y);
  }
  Value select(Value c, Value x, Value y) const { return b.select(c, x, y); }

  // By bits: compilers of drivers may assume that there are no NaNs.
  Value magnitude_bits(Value x) const { return andi(bits_of(b, x), b.i32(0x7fffffff)); }
  Value is_nan(Value x) const {
    return test(mlir::arith::CmpIPredicate::ugt, magnitude_bits(x), b.i32(0x7f800000));
  }
  Value is_inf(Value x) const {
    return test(mlir::arith::CmpIPredicate::eq, magnitude_bits(x), b.i32(0x7f800000));
  }

  // Narrow integers live in i32: back to their range after an operation that may leave it.
  Value wrap(Value x) const {
    if (bits() >= 32)
      return x;
    Value above = b.i32(32 - bits());
    Value top = b.make<mlir::arith::ShLIOp>(x, above);
    return is_unsigned() ? b.make<mlir::arith::ShRUIOp>(top, above)
                         : b.make<mlir::arith::ShRSIOp>(top, above);
  }
};

// Unrounded results; null where the op has no rule for the operands.
Value float_unary(const Scalars& s, OpKind kind, Value x);
Value float_binary(const Scalars& s, OpKind kind, Value x, Value y);
Value integer_unary(const Scalars& s, OpKind kind, Value x);
Value integer_binary(const Scalars& s, OpKind kind, Value x, Value y);

}  // namespace ashlar::codegen
