// SPDX-License-Identifier: Apache-2.0
// States: device buffers that traced code reads and updates in place (KV caches, positions,
// optimiser moments). A State is a cheap handle; copies mean the same state.
//
// Inside a trace `read` gives the contents as the traced code sees them: what the last `update` of
// the same trace wrote, or what was there before. Outside, both work on the default runtime's copy.
// Names are unique within a program. Thread-safety: as for arrays; traces are per thread.
#pragma once

#include "runtime/array/array.h"

#include <memory>

namespace ashlar {

class State {
public:
  // Zero filled at first. Residency is state, step (small, host visible) or ring (read by the host
  // while entries run).
  State(std::string name, DType dtype, Shape shape, Residency residency = Residency::state);
  // Axis 0 can grow; `shape` has the rows it starts with.
  static State growable(std::string name, DType dtype, Shape shape,
                        Residency residency = Residency::state);

  const std::string& name() const { return declaration_->name; }
  // Axis 0 of a growable state is kDynamic.
  const ArrayType& type() const { return declaration_->type; }
  const StateDeclaration& declaration() const { return *declaration_; }

  bool is_growable() const { return type().shape.rank() > 0 && type().shape.dims()[0] == kDynamic; }

  Array read(std::source_location where = std::source_location::current()) const;
  // Throws InvalidArgument unless the value has the state's type. A growable state takes, inside a
  // trace, only what scatters made of its own contents; outside, its first rows are replaced.
  void update(const Operand& value) const;
  // Makes room for `rows` rows of a growable state, outside traces. Closures that were traced stay
  // as they are.
  void reserve(std::int64_t rows) const;

private:
  explicit State(StateDeclaration declaration);

  std::shared_ptr<const StateDeclaration> declaration_;
};

}  // namespace ashlar
