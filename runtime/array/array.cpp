// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/array.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/empty.h"
#include "runtime/array/indexing.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/program/error.h"

namespace ashlar {

Array apply(OpKind kind, std::vector<Array> operands, Attributes attributes) {
  std::vector<ArrayType> types;
  std::vector<NodeRef> inputs;
  for (const Array& operand : operands) {
    types.push_back(operand.type());
    inputs.push_back(operand.node());
  }
  Origin origin = current_origin();
  try {
    check_static(kind, types);
    ArrayType type = infer_type(kind, types, attributes);
    if (auto trivial = without_elements(kind, type, operands, attributes))
      return *trivial;
    return Array(Node::op(kind, std::move(type), std::move(inputs), std::move(attributes),
                          std::move(origin)));
  } catch (const InvalidArgument& error) {
    if (!origin.scope)
      throw;
    throw InvalidArgument(error.unit(), "{} (in {})", error.message(), *origin.scope);
  }
}

Array Array::operator()(const Index& a, const Index& b, const Index& c, const Index& d,
                        const Index& e) const {
  std::vector<Index> given;
  for (const Index* i : {&a, &b, &c, &d, &e})
    if (!std::holds_alternative<std::monostate>(i->value()))
      given.push_back(*i);
  return index(Operand(*this, a.where()), given);
}

Array Array::astype(DType dtype, std::source_location where) const {
  return ashlar::astype(Operand(*this, where), dtype);
}

Array Operand::array() const {
  if (const Array* array = std::get_if<Array>(&value_))
    return *array;
  return full({}, *this);
}

}  // namespace ashlar
