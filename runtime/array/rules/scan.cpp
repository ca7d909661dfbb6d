// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/rules/rules.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

namespace ashlar {

// Element i reaches the sums from i on: cotangents are summed from the other end.
Derivatives vjp_scan(const Application& op, const Array& cotangent) {
  if (op.kind() != OpKind::cumsum)
    throw Unsupported("grad", "no derivative rule for {}", op_info(op.kind()).name);
  const Attributes& attributes = op.attributes();
  return {table::cumsum(cotangent, attributes.integer("axis"), !attributes.boolean("reverse"),
                        attributes.boolean("exclusive"))};
}

}  // namespace ashlar
