// SPDX-License-Identifier: Apache-2.0
// Functions as graphs: what transforms work on. A function runs once on parameters that have no
// value; the graph it builds is then mapped, and the actual arguments take the parameters' places.
#pragma once

#include "runtime/array/array.h"

#include <functional>
#include <span>
#include <unordered_set>
#include <vector>

namespace ashlar {

using Arrays = std::vector<Array>;
using ArrayFunction = std::function<Arrays(const Arrays&)>;

struct TracedFunction {
  std::vector<NodeRef> parameters;  // inputs, one per argument
  Arrays results;

  // The results with `arguments`, of the parameters' types, in the places of the parameters.
  Arrays operator()(const Arrays& arguments) const;
};

// Runs `function` on parameters of the arguments' types.
TracedFunction trace_function(const ArrayFunction& function, const Arrays& arguments);

// Whether this thread is running a function that a transform traces. Such a function must not
// change states, and closures that it calls are part of it.
bool in_transform();

// An input of the type: a value yet to be given.
NodeRef parameter_like(const Array& array);

// `roots` with each node of `from` replaced by the array of `to` at its index, of the same type.
Arrays substitute(const Arrays& roots, std::span<const NodeRef> from, std::span<const Array> to);

std::vector<Node*> topological_order(const Arrays& roots);

// The nodes of `order` that depend on one of `parameters`, these included.
std::unordered_set<const Node*> dependents(std::span<Node* const> order,
                                           std::span<const NodeRef> parameters);

// The same operation or call on other inputs of the same types.
NodeRef rebuild(const Node& node, std::vector<NodeRef> inputs);

Arrays zeros_like(const Arrays& arrays);

}  // namespace ashlar
