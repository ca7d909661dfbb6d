// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/closure.h"

#include "runtime/array/context.h"
#include "runtime/array/trace.h"
#include "runtime/array/transforms/traced_function.h"
#include "runtime/program/debug_options.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

Graph trace(std::span<const Array> arrays, const TraceCache::Function& function) {
  Graph graph;
  Trace trace("closure");
  std::vector<Array> inputs;
  for (const Array& array : arrays)
    inputs.push_back(trace.input(std::to_string(inputs.size()), array.type()));
  std::vector<NamedArray> outputs;
  for (const Array& result : function(inputs))
    outputs.push_back({std::to_string(outputs.size()), result});
  graph.entries.push_back(trace.finish(std::move(outputs)));
  add_states(graph, trace.states());
  return graph;
}

void check_same(const Graph& first, const Graph& now, const std::string& signature) {
  const std::string before = canonical_text(first), after = canonical_text(now);
  if (before == after)
    return;
  const auto [a, b] = std::ranges::mismatch(before, after);
  auto line_around = [](const std::string& text, std::string::const_iterator at) {
    const auto begin = std::find(std::make_reverse_iterator(at), text.rend(), '\n').base();
    return std::string(begin, std::find(at, text.end(), '\n'));
  };
  throw InvalidArgument("compile",
                        "the function computes something else than when ({}) was traced: expected "
                        "'{}', got '{}'",
                        signature, line_around(before, a), line_around(after, b));
}

}  // namespace

std::vector<Array> TraceCache::call(const std::string& signature, std::span<const Array> arrays,
                                    const Function& function) {
  if (Trace::current() || in_transform())
    return function(arrays);
  Context& context = Context::instance();
  const auto lock = context.lock();
  auto found = graphs_.find(signature);
  if (found == graphs_.end())
    found = graphs_.emplace(signature, trace(arrays, function)).first;
  else if (context.device().debug().check_trace)
    check_same(found->second, trace(arrays, function), signature);
  return context.run(found->second, arrays);
}

std::vector<std::string> TraceCache::signatures() const {
  std::vector<std::string> result;
  for (const auto& [signature, graph] : graphs_)
    result.push_back(signature);
  return result;
}

std::string detail::signature_of(const Array& array) {
  return fmt::format("{}{}", name_of(array.dtype()), array.shape().to_string());
}

std::string detail::signature_of(const State& state) {
  return fmt::format("state {} {}{}", state.name(), name_of(state.type().dtype),
                     state.type().shape.to_string());
}

}  // namespace ashlar
