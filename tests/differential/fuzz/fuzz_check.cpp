// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/fuzz/fuzz_check.h"

#include "runtime/array/closure.h"
#include "runtime/array/creation.h"
#include "runtime/array/eval.h"
#include "runtime/program/error.h"
#include "tests/differential/fuzz/run_planned.h"
#include "tests/differential/fuzz/sized_graph.h"
#include "tests/support/reference_eval.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numeric>

namespace ashlar::testing {
namespace {

constexpr int kSteps = 2;  // runs in a row of a graph with updates

using Tensors = std::vector<reference::Tensor>;

bool agree(double actual, double expected, double tolerance, DType dtype) {
  if (std::isnan(expected) || std::isinf(expected) || std::isinf(actual))
    return std::isnan(expected) ? std::isnan(actual) : actual == expected;
  // Below the smallest normal number, devices may flush to zero.
  const double flushed = tolerance == 0 ? 0 : dtype == DType::f16 ? 0x1p-14 : 1e-6;
  return std::abs(actual - expected) <= tolerance * std::abs(expected) + flushed;
}

std::optional<std::string> compare(const reference::Tensor& actual,
                                   const reference::Tensor& expected, double tolerance) {
  for (std::size_t i = 0; i < expected.integers.size(); ++i)
    if (actual.integers[i] != expected.integers[i])
      return fmt::format("element {}: expected {}, got {}", i, expected.integers[i],
                         actual.integers[i]);
  for (std::size_t i = 0; i < expected.reals.size(); ++i)
    if (!agree(actual.reals[i], expected.reals[i], tolerance, expected.type.dtype))
      return fmt::format("element {}: expected {}, got {}", i, expected.reals[i], actual.reals[i]);
  return std::nullopt;
}

std::optional<std::string> compare_all(const Tensors& actual, const Tensors& expected,
                                       const Arrays& roots, int step) {
  for (std::size_t i = 0; i < actual.size(); ++i)
    if (auto difference = compare(actual[i], expected[i], relative_tolerance(roots[i])))
      return fmt::format("root {} ({}{}), step {}, {}", i, name_of(roots[i].dtype()),
                         roots[i].shape().to_string(), step, *difference);
  return std::nullopt;
}

Array constant_of(const reference::Tensor& tensor) {
  return array_from_bytes(tensor.to_bytes(), tensor.type.dtype, tensor.type.shape);
}

Tensors values_on_device(const Arrays& arrays) {
  eval(arrays);
  Tensors values;
  for (const Array& array : arrays)
    values.push_back(reference_value(array));
  return values;
}

// States by leaf, with names that later graphs use again: the store keeps every name for good.
std::map<std::size_t, State> states_of(const FuzzGraph& graph) {
  std::map<std::size_t, State> states;
  std::map<std::string, int> taken;
  for (const FuzzUpdate& update : graph.updates) {
    const Array& leaf = graph.leaves[update.leaf];
    const std::string type = fmt::format("{}{}", name_of(leaf.dtype()), leaf.shape().to_string());
    State state(fmt::format("fuzz.{}.{}", type, taken[type]++), leaf.dtype(), leaf.shape());
    state.update(leaf);
    states.emplace(update.leaf, std::move(state));
  }
  return states;
}

std::optional<std::string> run_plans(const FuzzGraph& graph) {
  const Arrays roots = graph.roots();
  const Tensors expected = reference_values(roots);
  for (const char* profile : {"lavapipe", "nvidia-h200"})
    if (auto mismatch = compare_all(run_planned(graph, profile), expected, roots, 0))
      return fmt::format("{}, planned for {}", *mismatch, profile);
  return std::nullopt;
}

std::optional<std::string> run_eagerly(const FuzzGraph& graph) {
  const Arrays roots = graph.roots();
  const Tensors expected = reference_values(roots);
  return compare_all(values_on_device(graph.copy().roots()), expected, roots, 0);
}

std::optional<std::string> run_singly(const FuzzGraph& graph) {
  const Arrays roots = graph.roots(), copies = graph.copy().roots();
  const Tensors expected = reference_values(roots);
  for (const Array& root : copies)
    eval(root);
  return compare_all(values_on_device(copies), expected, roots, 0);
}

std::optional<std::string> run_closure(const FuzzGraph& graph) {
  TraceCache closure{ClosureOptions{}};
  const auto traced = [&](std::span<const Array> inputs) {
    return graph.over({inputs.begin(), inputs.end()}).roots();
  };
  const Tensors expected = reference_values(graph.roots());
  return compare_all(
      values_on_device(closure.run(
          {.signature = {}, .arrays = graph.leaves, .places = {}, .held = {}, .function = traced})),
      expected, graph.roots(), 0);
}

std::optional<std::string> run_states(const FuzzGraph& graph) {
  const std::map<std::size_t, State> states = states_of(graph);
  const auto traced = [&](std::span<const Array> inputs) {
    Arrays leaves(inputs.begin(), inputs.end());
    for (const auto& [leaf, state] : states)
      leaves[leaf] = state.read();
    const FuzzGraph placed = graph.over(leaves);
    for (const FuzzUpdate& update : placed.updates)
      states.at(update.leaf).update(update.value);
    return placed.outputs;
  };
  TraceCache closure{ClosureOptions{}};
  Arrays contents = graph.leaves;
  for (int step = 0; step < kSteps; ++step) {
    Tensors expected = reference_values(graph.over(contents).roots());
    const Tensors outputs = values_on_device(closure.run(
        {.signature = {}, .arrays = graph.leaves, .places = {}, .held = {}, .function = traced}));
    if (auto mismatch = compare_all(outputs, expected, graph.outputs, step))
      return mismatch;
    for (std::size_t i = 0; i < graph.updates.size(); ++i) {
      const reference::Tensor& value = expected[graph.outputs.size() + i];
      const State& state = states.at(graph.updates[i].leaf);
      if (auto difference = compare(reference_value(state.read()), value, 0))
        return fmt::format("state {}, step {}, {}", state.name(), step, *difference);
      contents[graph.updates[i].leaf] = constant_of(value);
    }
  }
  return std::nullopt;
}

// Every leaf is an argument.
std::vector<std::size_t> places_of(const FuzzGraph& graph) {
  std::vector<std::size_t> places(graph.leaves.size());
  std::iota(places.begin(), places.end(), 0);
  return places;
}

// The updates of one step are what the next one donates.
std::optional<std::string> run_donated(const FuzzGraph& graph) {
  ClosureOptions options;
  for (const FuzzUpdate& update : graph.updates)
    options.donate.push_back(update.leaf);
  const std::vector<std::size_t> places = places_of(graph);
  const auto traced = [&](std::span<const Array> inputs) {
    return graph.over({inputs.begin(), inputs.end()}).roots();
  };
  TraceCache closure(options);
  Arrays contents = graph.leaves, arguments = graph.copy().leaves;
  for (int step = 0; step < kSteps; ++step) {
    const Arrays roots = graph.over(contents).roots();
    const Tensors expected = reference_values(roots);
    const Arrays results = closure.run(
        {.signature = {}, .arrays = arguments, .places = places, .held = {}, .function = traced});
    if (auto mismatch = compare_all(values_on_device(results), expected, roots, step))
      return mismatch;
    for (std::size_t i = 0; i < graph.updates.size(); ++i) {
      const std::size_t root = graph.outputs.size() + i, leaf = graph.updates[i].leaf;
      arguments[leaf] = results[root];
      contents[leaf] = constant_of(expected[root]);
    }
  }
  return std::nullopt;
}

// Two sizes of each range: the second is served by the first one's program where there is one.
std::optional<std::string> run_sized(const FuzzGraph& graph) {
  TraceCache closure(ClosureOptions{.sizes = SizeNames(graph.leaves.size(), {"batch"})});
  const auto traced = [&](std::span<const Array> inputs) {
    return batched_roots(graph, {inputs.begin(), inputs.end()});
  };
  const std::vector<std::size_t> places = places_of(graph);
  for (const std::int64_t size : {3, 4, 6, 5}) {
    const Arrays batches = batches_of(graph.leaves, size);
    std::vector<std::string> signature;
    for (const Array& batch : batches)
      signature.push_back(detail::signature_of(batch));
    const Arrays roots = batched_roots(graph, batches);
    const Tensors expected = reference_values(roots);
    const Arrays results = closure.run({.signature = signature,
                                        .arrays = batches,
                                        .places = places,
                                        .held = {},
                                        .function = traced});
    if (auto mismatch =
            compare_all(values_on_device(results), expected, roots, static_cast<int>(size)))
      return mismatch;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(FuzzMode mode) {
  constexpr std::string_view kNames[] = {"planned", "eager", "closure", "states",
                                         "donated", "sized", "single"};
  return kNames[static_cast<std::size_t>(mode)];
}

std::optional<std::string> find_mismatch(const FuzzGraph& original, FuzzMode mode) {
  const FuzzGraph graph = original.copy();
  try {
    switch (mode) {
    case FuzzMode::planned:
      return run_plans(graph);
    case FuzzMode::eager:
      return run_eagerly(graph);
    case FuzzMode::closure:
      return run_closure(graph);
    case FuzzMode::states:
      return run_states(graph);
    case FuzzMode::donated:
      return run_donated(graph);
    case FuzzMode::sized:
      return run_sized(graph);
    case FuzzMode::single:
      return run_singly(graph);
    }
  } catch (const Error& error) {
    return error.what();
  }
  __builtin_unreachable();
}

}  // namespace ashlar::testing
