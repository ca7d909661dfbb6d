// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/promotion.h"

#include "runtime/array/creation.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

DType wider(DType a, DType b) {
  return size_of(a) >= size_of(b) ? a : b;
}

DType signed_with_unsigned(DType s, DType u) {
  if (size_of(s) > size_of(u))
    return s;
  switch (u) {
  case DType::u8:
    return DType::i16;
  case DType::u16:
    return DType::i32;
  case DType::u32:
    return DType::i64;
  default:
    return DType::f32;
  }
}

// Operations that address the rows of a growable state through indices or a length.
bool takes_growable(OpKind kind) {
  return kind == OpKind::attention || kind == OpKind::take || kind == OpKind::scatter ||
         kind == OpKind::scatter_add;
}

}  // namespace

DType promote(DType a, DType b) {
  if (a == b || b == DType::boolean)
    return a;
  if (a == DType::boolean)
    return b;
  if (a == DType::complex64 || b == DType::complex64)
    return DType::complex64;
  if (is_float(a) && is_float(b))
    return size_of(a) == size_of(b) ? DType::f32 : wider(a, b);
  if (is_float(a) || is_float(b))
    return is_float(a) ? a : b;
  if (is_signed(a) == is_signed(b))
    return wider(a, b);
  return is_signed(a) ? signed_with_unsigned(a, b) : signed_with_unsigned(b, a);
}

DType promote(DType dtype, const Scalar& scalar) {
  const DType own = default_dtype(scalar);
  if (own == DType::f32)
    return is_float(dtype) ? dtype : DType::f32;
  return dtype == DType::boolean ? own : dtype;
}

DType default_dtype(const Scalar& scalar) {
  constexpr DType kDTypes[] = {DType::boolean, DType::i32, DType::f32};
  return kDTypes[scalar.index()];
}

DType float_dtype(DType dtype) {
  return is_float(dtype) ? dtype : DType::f32;
}

DType accepted_dtype(OpKind kind, DType dtype) {
  const std::vector<DType>& taken = op_info(kind).dtypes;
  auto takes = [&](DType d) { return std::ranges::find(taken, d) != taken.end(); };
  if (takes(dtype))
    return dtype;
  if (taken.size() == 1 && takes(DType::boolean))
    return DType::boolean;
  if (dtype == DType::boolean && takes(DType::i32))
    return DType::i32;
  if (!is_float(dtype) && takes(DType::f32))
    return DType::f32;
  return dtype;  // the op's own rule says what is wrong
}

void check_static(OpKind kind, std::span<const ArrayType> types) {
  if (takes_growable(kind))
    return;
  for (const ArrayType& type : types)
    if (std::ranges::find(type.shape.dims(), kDynamic) != type.shape.dims().end())
      throw InvalidArgument(op_info(kind).name,
                            "the rows of a growable state have no fixed count: read them through "
                            "take, scatter or attention");
}

DType result_type(std::span<const Operand> operands) {
  std::optional<DType> dtype;
  for (const Operand& operand : operands)
    if (!operand.is_scalar())
      dtype = dtype ? promote(*dtype, operand.array().dtype()) : operand.array().dtype();
  for (const Operand& operand : operands)
    if (operand.is_scalar())
      dtype = dtype ? promote(*dtype, operand.scalar()) : default_dtype(operand.scalar());
  if (!dtype)
    throw InvalidArgument("result_type", "expected an array or a number, got none");
  return *dtype;
}

std::vector<Array> harmonize(OpKind kind, std::span<const Operand> operands) {
  Shape shape;
  for (const Operand& operand : operands) {
    if (operand.is_scalar())
      continue;
    const Array array = operand.array();
    check_static(kind, {&array.type(), 1});
    shape = broadcast_shapes(shape, array.shape());
  }
  const DType common = accepted_dtype(kind, result_type(operands));
  std::vector<Array> result;
  for (const Operand& operand : operands)
    result.push_back(operand.is_scalar() ? full(shape, operand, common)
                                         : broadcast(convert(operand.array(), common), shape));
  return result;
}

Array convert(const Array& array, DType dtype) {
  return array.dtype() == dtype ? array : table::cast(array, dtype);
}

Array broadcast(const Array& array, const Shape& shape) {
  return array.shape() == shape ? array : table::broadcast(array, shape.dims());
}

}  // namespace ashlar
