// SPDX-License-Identifier: Apache-2.0
// Executes entries of a module at any level from L0 to L3 with the reference operations: the oracle
// that passes and kernels are compared with.
#pragma once

#include "ir/reference/tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>
#include <map>
#include <string>

namespace ashlar::reference {

// Contents of states by name; entries read and replace them.
using States = std::map<std::string, Tensor>;

// Supplies a named weight of the given type.
using WeightSource = std::function<Tensor(const std::string& name, const ArrayType& type)>;

// Runs `entry` and returns its results. Growable states have the extents of the tensors in
// `states`. Throws Unsupported for operations outside the ashlar and kernel dialects,
// InvalidArgument when an input or state is missing. Weights that are stacked along axis 0 are
// fetched one by one.
std::vector<Tensor> evaluate(mlir::func::FuncOp entry, std::span<const Tensor> inputs,
                             States& states, const WeightSource& weights = nullptr);

// Zero-filled states for every ashlar.state of the module, growable ones at their first capacity.
States initial_states(mlir::ModuleOp module);

}  // namespace ashlar::reference
