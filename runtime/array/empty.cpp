// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/empty.h"

#include "runtime/array/origin.h"
#include "runtime/array/table_functions.h"

#include <algorithm>

namespace ashlar {
namespace {

bool is_empty(const ArrayType& type) {
  return std::ranges::find(type.shape.dims(), 0) != type.shape.dims().end();
}

Array filled(const ArrayType& type, double value) {
  return table::full(type.shape.dims(), type.dtype, value);
}

Array join_rest(std::span<const Array> operands, const Attributes& attributes) {
  std::vector<Array> rest;
  std::ranges::copy_if(operands, std::back_inserter(rest),
                       [](const Array& a) { return !is_empty(a.type()); });
  return rest.size() == 1 ? rest[0] : table::concat(rest, attributes.integer("axis"));
}

}  // namespace

std::optional<Array> without_elements(OpKind kind, const ArrayType& result,
                                      std::span<const Array> operands,
                                      const Attributes& attributes) {
  if (is_empty(result))
    return Array(
        Node::constant(result, std::make_shared<const std::vector<std::byte>>(), current_origin()));
  if (std::ranges::none_of(operands, [](const Array& a) { return is_empty(a.type()); }))
    return std::nullopt;
  switch (kind) {
  case OpKind::reduce_prod:
  case OpKind::reduce_all:
    return filled(result, 1);
  case OpKind::concat:
    return join_rest(operands, attributes);
  case OpKind::pad:
    return filled(result, attributes.real("value"));
  case OpKind::scatter:
  case OpKind::scatter_add:
    return operands[0];
  default:  // sums and products over nothing, reads of absent rows
    return filled(result, 0);
  }
}

}  // namespace ashlar
