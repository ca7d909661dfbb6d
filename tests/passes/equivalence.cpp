// SPDX-License-Identifier: Apache-2.0
#include "tests/passes/equivalence.h"

#include "ir/ashlar_dialect.h"
#include "tests/passes/plan_runner.h"

#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

using namespace mlir;

namespace ashlar {

reference::Tensor random_tensor(const ArrayType& type, std::uint64_t seed) {
  reference::Tensor tensor(type);
  std::mt19937_64 engine(seed);
  for (double& x : tensor.reals)
    x = reference::round_to(std::uniform_real_distribution<double>(-1, 1)(engine), type.dtype);
  for (std::int64_t& x : tensor.integers)
    x = type.dtype == DType::boolean ? static_cast<std::int64_t>(engine() % 2)
                                     : static_cast<std::int64_t>(engine() % 4);
  return tensor;
}

void load_dialects(MLIRContext& context) {
  DialectRegistry registry;
  ir::register_dialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}

namespace {

struct Outcome {
  std::vector<reference::Tensor> results;
  reference::States states;
};

std::uint64_t hash_of(const std::string& name) {
  return std::hash<std::string>{}(name);
}

// Types of the weights by name, from a module whose weights are not stacked yet.
std::map<std::string, ArrayType> weight_types(ModuleOp module) {
  std::map<std::string, ArrayType> types;
  module.walk([&](ir::WeightOp weight) {
    types.insert_or_assign(cast<StringAttr>(weight.getNames()[0]).str(),
                           *ir::array_type_of(weight.getType()));
  });
  return types;
}

Outcome initial(ModuleOp module) {
  Outcome outcome;
  outcome.states = reference::initial_states(module);
  for (auto& [name, tensor] : outcome.states)
    tensor = random_tensor(tensor.type, hash_of(name));
  return outcome;
}

std::vector<reference::Tensor> random_inputs(func::FuncOp entry) {
  std::vector<reference::Tensor> inputs;
  for (Type type : entry.getArgumentTypes())
    inputs.push_back(random_tensor(*ir::array_type_of(type), inputs.size()));
  return inputs;
}

void compare(const reference::Tensor& a, const reference::Tensor& b, const std::string& name,
             Difference& difference) {
  auto note = [&](double distance) {
    if (distance > 0 && difference.where.empty())
      difference.where = name;
    difference.largest = std::max(difference.largest, distance);
  };
  ASSERT_EQ(a.type, b.type);
  for (std::size_t i = 0; i < a.reals.size(); ++i)
    if (a.reals[i] != b.reals[i] && !(std::isnan(a.reals[i]) && std::isnan(b.reals[i])))
      note(std::isfinite(a.reals[i] - b.reals[i]) ? std::abs(a.reals[i] - b.reals[i]) : INFINITY);
  for (std::size_t i = 0; i < a.integers.size(); ++i)
    note(a.integers[i] == b.integers[i] ? 0 : INFINITY);
}

}  // namespace

Difference compare_with_plan(ModuleOp module, const PipelineOptions& options) {
  const auto types = weight_types(module);
  const auto weights = [&](const std::string& name, const ArrayType&) {
    return random_tensor(types.at(name), hash_of(name));
  };
  auto entry = *module.getOps<func::FuncOp>().begin();
  const std::vector<reference::Tensor> inputs = random_inputs(entry);
  Outcome before = initial(module), after = before;
  before.results = reference::evaluate(entry, inputs, before.states, weights);

  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager manager(module.getContext());
  build_pipeline(manager, options);
  Difference difference;
  if (failed(manager.run(*copy))) {
    ADD_FAILURE() << "the passes failed";
    return difference;
  }
  after.results = run_plan(*copy, inputs, after.states, weights);
  for (std::size_t i = 0; i < before.results.size(); ++i)
    compare(before.results[i], after.results[i], "result " + std::to_string(i), difference);
  for (const auto& [name, tensor] : before.states)
    compare(tensor, after.states.at(name), "state " + name, difference);
  return difference;
}

}  // namespace ashlar
