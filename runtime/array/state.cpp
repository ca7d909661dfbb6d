// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/state.h"

#include "runtime/array/context.h"
#include "runtime/array/origin.h"
#include "runtime/array/trace.h"
#include "runtime/array/transforms/traced_function.h"
#include "runtime/program/error.h"

namespace ashlar {

State::State(std::string name, DType dtype, Shape shape, Residency residency)
    : State(StateDeclaration{std::move(name), {dtype, std::move(shape)}, 0, residency}) {}

State State::growable(std::string name, DType dtype, Shape shape, Residency residency) {
  std::vector<std::int64_t> dims = shape.dims();
  if (dims.empty() || dims[0] < 1)
    throw InvalidArgument("state", "'{}' grows along axis 0 and needs rows to start with, got {}",
                          name, shape.to_string());
  const std::int64_t capacity = std::exchange(dims[0], kDynamic);
  return State(
      StateDeclaration{std::move(name), {dtype, Shape(std::move(dims))}, capacity, residency});
}

State::State(StateDeclaration declaration)
    : declaration_(std::make_shared<const StateDeclaration>(std::move(declaration))) {}

Array State::read(std::source_location where) const {
  const WrittenAt at(where);
  if (Trace* trace = Trace::current())
    return trace->read(*this);
  return Context::instance().read_state(*this);
}

void State::update(const Operand& value) const {
  const WrittenAt at(value.where());
  if (in_transform())
    throw InvalidArgument("state",
                          "'{}' cannot be updated inside a transform: return its new contents "
                          "from the function, and update it outside",
                          name());
  const Array contents = value.array();
  Trace* trace = Trace::current();
  ArrayType expected = type();
  if (!trace && is_growable() && contents.rank() == expected.shape.rank()) {
    std::vector<std::int64_t> dims = expected.shape.dims();
    dims[0] = contents.dim(0);
    expected.shape = Shape(std::move(dims));
  }
  if (contents.type() != expected)
    throw InvalidArgument("state", "'{}' holds {}{}, not {}{}", name(), name_of(type().dtype),
                          type().shape.to_string(), name_of(contents.dtype()),
                          contents.shape().to_string());
  if (trace)
    trace->update(*this, contents);
  else
    Context::instance().write_state(*this, contents);
}

void State::reserve(std::int64_t rows) const {
  if (!is_growable() || Trace::current())
    throw InvalidArgument("state", "'{}' {}", name(),
                          is_growable() ? "cannot grow inside a trace" : "has a fixed size");
  Context::instance().reserve_rows(*this, rows);
}

}  // namespace ashlar
