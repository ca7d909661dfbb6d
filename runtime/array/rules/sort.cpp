// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/rules/rules.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

namespace ashlar {

// Cotangents go back by the inverse of the permutation that sorts.
Derivatives vjp_sort(const Application& op, const Array& cotangent) {
  if (op.kind() != OpKind::sort)
    throw Unsupported("grad", "no derivative rule for {}", op_info(op.kind()).name);
  const std::int64_t axis = op.attributes().integer("axis");
  const Array order = table::argsort(op.input(), axis, op.attributes().boolean("descending"));
  const Array inverse = table::argsort(order, axis, false);
  return {table::take_along_axis(cotangent, inverse, axis)};
}

}  // namespace ashlar
