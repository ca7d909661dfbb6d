// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/elementwise.h"

#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"

namespace ashlar {
namespace {

Array elementwise(OpKind kind, std::initializer_list<Operand> operands) {
  const WrittenAt at(operands.begin()->where());
  return apply(kind, harmonize(kind, {operands.begin(), operands.size()}));
}

bool is_boolean(const Operand& operand) {
  return operand.array().dtype() == DType::boolean;
}

// & | ^ ! ~ are logical on bool and bitwise on integers.
OpKind logical_or_bitwise(OpKind logical, OpKind bitwise, const Operand& lhs, const Operand& rhs) {
  return is_boolean(lhs) && is_boolean(rhs) ? logical : bitwise;
}

}  // namespace

#include "ir/elementwise_functions.cpp.inc"

Array where(const Operand& condition, const Operand& on_true, const Operand& on_false) {
  const WrittenAt at(condition.where());
  const Array chosen = convert(condition.array(), DType::boolean);
  const Operand branches[] = {on_true, on_false};
  const std::vector<Array> values = harmonize(OpKind::select, branches);
  const Shape shape = broadcast_shapes(chosen.shape(), values[0].shape());
  return table::select(broadcast(chosen, shape), broadcast(values[0], shape),
                       broadcast(values[1], shape));
}

Array clip(const Operand& input, std::optional<Operand> low, std::optional<Operand> high) {
  const WrittenAt at(input.where());
  Array result = input.array();
  if (low)
    result = maximum(result, *low);
  if (high)
    result = minimum(result, *high);
  return result;
}

Array astype(const Operand& input, DType dtype) {
  const WrittenAt at(input.where());
  return convert(input.array(), dtype);
}

Array operator+(const Operand& lhs, const Operand& rhs) {
  return add(lhs, rhs);
}
Array operator-(const Operand& lhs, const Operand& rhs) {
  return sub(lhs, rhs);
}
Array operator*(const Operand& lhs, const Operand& rhs) {
  return mul(lhs, rhs);
}
Array operator/(const Operand& lhs, const Operand& rhs) {
  return div(lhs, rhs);
}
Array operator%(const Operand& lhs, const Operand& rhs) {
  return remainder(lhs, rhs);
}
Array operator-(const Operand& input) {
  return neg(input);
}
Array operator!(const Operand& input) {
  return logical_not(input);
}
Array operator~(const Operand& input) {
  return elementwise(is_boolean(input) ? OpKind::logical_not : OpKind::bitwise_not, {input});
}
Array operator==(const Operand& lhs, const Operand& rhs) {
  return equal(lhs, rhs);
}
Array operator!=(const Operand& lhs, const Operand& rhs) {
  return not_equal(lhs, rhs);
}
Array operator<(const Operand& lhs, const Operand& rhs) {
  return less(lhs, rhs);
}
Array operator<=(const Operand& lhs, const Operand& rhs) {
  return less_equal(lhs, rhs);
}
Array operator>(const Operand& lhs, const Operand& rhs) {
  return greater(lhs, rhs);
}
Array operator>=(const Operand& lhs, const Operand& rhs) {
  return greater_equal(lhs, rhs);
}
Array operator&(const Operand& lhs, const Operand& rhs) {
  return elementwise(logical_or_bitwise(OpKind::logical_and, OpKind::bitwise_and, lhs, rhs),
                     {lhs, rhs});
}
Array operator|(const Operand& lhs, const Operand& rhs) {
  return elementwise(logical_or_bitwise(OpKind::logical_or, OpKind::bitwise_or, lhs, rhs),
                     {lhs, rhs});
}
Array operator^(const Operand& lhs, const Operand& rhs) {
  return elementwise(OpKind::bitwise_xor, {lhs, rhs});
}
Array operator<<(const Operand& lhs, const Operand& rhs) {
  return left_shift(lhs, rhs);
}
Array operator>>(const Operand& lhs, const Operand& rhs) {
  return right_shift(lhs, rhs);
}

}  // namespace ashlar
