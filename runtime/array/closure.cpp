// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/closure.h"

#include "runtime/array/compile_graph.h"
#include "runtime/array/context.h"
#include "runtime/array/creation.h"
#include "runtime/array/donation.h"
#include "runtime/array/trace.h"
#include "runtime/array/transforms/traced_function.h"
#include "runtime/program/error.h"
#include "runtime/program/program_file.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace ashlar {
namespace {

struct TraceResult {
  Graph graph;
  std::vector<std::size_t> replaced;  // held arrays that the function replaced
};

// Puts held arrays back when a trace ends, however it ends.
class Held {
public:
  explicit Held(const std::vector<Array*>& arrays) : arrays_(arrays) {
    for (const Array* array : arrays)
      before_.push_back(*array);
  }
  ~Held() {
    for (std::size_t i = 0; i < arrays_.size(); ++i)
      *arrays_[i] = before_[i];
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

private:
  const std::vector<Array*>& arrays_;
  std::vector<Array> before_;
};

// `held` are what the module's arrays are inside the trace.
TraceResult trace(const TraceCache::Call& call,
                  const std::function<Array(Trace& trace, const Array& held)>& enter) {
  const Held restored(call.held);
  Trace trace("closure");
  std::vector<Array> inputs, held;
  for (const Array& array : call.arrays)
    inputs.push_back(trace.input(std::to_string(inputs.size()), array.type()));
  for (Array* array : call.held)
    held.push_back(*array = enter(trace, *array));
  TraceResult result;
  std::vector<NamedArray> outputs;
  for (const Array& array : call.function(inputs))
    outputs.push_back({std::to_string(outputs.size()), array});
  for (std::size_t i = 0; i < held.size(); ++i)
    if (call.held[i]->node() != held[i].node()) {
      result.replaced.push_back(i);
      outputs.push_back({"held." + std::to_string(i), *call.held[i]});
    }
  result.graph.entries.push_back(trace.finish(std::move(outputs)));
  add_states(result.graph, trace.states());
  return result;
}

// Outputs may take the memory of donated arguments and of what the function replaces.
TraceResult trace_with_inputs(const TraceCache::Call& call,
                              const std::vector<std::size_t>& donated) {
  std::size_t next = 0;
  TraceResult result = trace(call, [&](Trace& trace, const Array& held) {
    return trace.input("held." + std::to_string(next++), held.type());
  });
  std::vector<std::size_t>& inputs = result.graph.entries[0].donated = donated;
  for (std::size_t held : result.replaced)
    inputs.push_back(call.arrays.size() + held);
  return result;
}

// Arguments, then the types of what the module holds.
std::vector<std::string> whole_signature(const TraceCache::Call& call) {
  std::vector<std::string> signature = call.signature;
  for (const Array* array : call.held)
    signature.push_back(detail::signature_of(*array));
  return signature;
}

Graph trace_resized(const TraceCache::Call& call, const std::vector<std::size_t>& donated,
                    const std::vector<SizedArray>& arrays, const Sizes& sizes) {
  TraceCache::Call resized = call;
  for (std::size_t i = 0; i < arrays.size(); ++i)
    resized.arrays[i] = Array(Node::input(resized_type(arrays[i], sizes), {}));
  return trace_with_inputs(resized, donated).graph;
}

std::size_t differences(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    count += a[i] != b[i];
  return count;
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

std::string TraceCache::reason_for(const std::vector<std::string>& signature) const {
  const Traced* nearest = nullptr;
  for (const Traced& trace : traces_)
    if (trace.context == &Context::instance() &&
        (!nearest ||
         differences(trace.signature, signature) < differences(nearest->signature, signature)))
      nearest = &trace;
  if (!nearest)
    return traces_.empty() ? "first call" : "first call on this stream";
  std::vector<std::string> changes;
  for (std::size_t i = 0; i < signature.size(); ++i)
    if (nearest->signature[i] != signature[i])
      changes.push_back(
          fmt::format("argument {} is {}, was {}", i + 1, signature[i], nearest->signature[i]));
  return fmt::format("{}", fmt::join(changes, "; "));
}

TraceCache::Traced& TraceCache::find_or_trace(const Call& call) {
  Context& context = Context::instance();
  const DebugOptions& debug = context.device().debug();
  std::vector<std::string> signature = whole_signature(call);
  const auto found = std::ranges::find_if(traces_, [&](const Traced& trace) {
    return trace.context == &context && trace.signature == signature;
  });
  if (found != traces_.end()) {
    if (debug.check_trace)
      check_same(found->graph, trace_with_inputs(call, donated_arrays(call)).graph,
                 fmt::format("{}", fmt::join(signature, ", ")));
    return *found;
  }
  std::string reason = reason_for(signature);
  if (debug.explain_traces)
    fmt::print(stderr, "[compile] traced ({}): {}\n", fmt::join(signature, ", "), reason);
  TraceResult result = trace_with_inputs(call, donated_arrays(call));
  Traced traced{std::move(signature), std::move(reason), std::move(result.graph),
                std::move(result.replaced)};
  traced.context = &context;
  find_program(call, traced);
  return traces_.emplace_back(std::move(traced));
}

std::vector<std::size_t> TraceCache::donated_arrays(const Call& call) const {
  std::vector<std::size_t> donated;
  for (std::size_t argument : options_.donate) {
    const auto found = std::ranges::find(call.places, argument);
    if (found == call.places.end())
      throw InvalidArgument("compile", "argument {} is to be donated and is no array",
                            argument + 1);
    donated.push_back(static_cast<std::size_t>(found - call.places.begin()));
  }
  return donated;
}

std::vector<SizedArray> TraceCache::sized_arrays(const Call& call) const {
  static const std::vector<std::string> kNoNames;
  if (options_.sizes.size() > call.signature.size())
    throw InvalidArgument("compile", "sizes of {} arguments are named, and there are {}",
                          options_.sizes.size(), call.signature.size());
  std::vector<SizedArray> arrays;
  if (options_.sizes.empty())
    return arrays;
  for (std::size_t i = 0; i < call.arrays.size(); ++i) {
    const std::size_t place = call.places[i];
    arrays.push_back(
        {call.arrays[i], place < options_.sizes.size() ? options_.sizes[place] : kNoNames, place});
  }
  return arrays;
}

void TraceCache::find_program(const Call& call, Traced& traced) {
  const Sizes sizes = named_sizes(sized_arrays(call));
  const Sizes ends = upper_ends(sizes);
  if (ends != least_sizes(ends)) {
    try {
      find_sized_program(call, ends, traced);
      return;
    } catch (const std::exception& error) {
      traced.reason += fmt::format("; compiled for these sizes alone: {}", error.what());
    }
  }
  traced.compiled = true;
  traced.executor = Context::instance().executor_for(traced.graph, options_.sizes_vary);
  traced.guards = exact_guards(sizes);
}

void TraceCache::find_sized_program(const Call& call, const Sizes& ends, Traced& traced) {
  const std::vector<SizedArray> arrays = sized_arrays(call);
  std::vector<std::string> signature = traced.signature;
  for (const SizedArray& sized : arrays)
    signature[sized.argument] = symbolic_type(sized);
  SizedPrograms& programs = programs_[traced.context];
  const SizedPrograms::Program* program = programs.find(signature, ends);
  traced.compiled = !program;
  if (!program)
    program = &programs.add(
        std::move(signature), ends, trace_resized(call, donated_arrays(call), arrays, ends),
        trace_resized(call, donated_arrays(call), arrays, least_sizes(ends)), options_.sizes_vary);
  traced.numbers = program->graph.numbers_for(traced.graph);
  traced.executor = program->executor;
  traced.guards = range_guards(ends);
}

std::vector<Array> TraceCache::run(const Call& call) {
  if (Trace::current() || in_transform())
    return call.function(call.arrays);
  Context& context = Context::instance();
  const auto lock = context.lock();
  Traced& traced = find_or_trace(call);
  const std::vector<std::size_t> given = donated_arrays(call);
  std::vector<std::size_t> donated = given;
  for (std::size_t held : traced.replaced)
    if (call.held[held]->node()->references() == 1)
      donated.push_back(call.arrays.size() + held);
  std::vector<Array> inputs = call.arrays;
  for (const Array* array : call.held)
    inputs.push_back(*array);
  inputs.insert(inputs.end(), traced.numbers.begin(), traced.numbers.end());
  std::vector<ArrayType> types;
  for (const NamedNode& output : traced.graph.entries[0].outputs)
    types.push_back(output.node->type());
  std::vector<Array> outputs = context.run(*traced.executor, inputs, types, donated);
  for (std::size_t array : given)
    donate(call.arrays[array], call.places[array],
           fmt::format("the closure compiled at {}:{}", where_.file_name(), where_.line()));
  const auto first = outputs.end() - static_cast<std::ptrdiff_t>(traced.replaced.size());
  for (auto output = first; output != outputs.end(); ++output)
    *call.held[traced.replaced[static_cast<std::size_t>(output - first)]] = *output;
  outputs.erase(first, outputs.end());
  return outputs;
}

void TraceCache::save(const Call& call, const std::filesystem::path& path) const {
  Context& context = Context::instance();
  const auto lock = context.lock();
  TraceResult result = trace(call, [](Trace&, const Array& held) {
    return array_from_bytes(held.to_bytes(), held.dtype(), held.shape());
  });
  if (!result.replaced.empty())
    throw InvalidArgument("compile", "a function that changes what its module holds cannot be "
                                     "saved: its file would not know the changes");
  result.graph.entries[0].donated = donated_arrays(call);
  save_program(compile_graph(result.graph, context.device().profile()), path);
}

std::vector<TraceReport> TraceCache::reports() const {
  const auto lock = Context::instance().lock();
  std::vector<TraceReport> reports;
  for (const Traced& traced : traces_)
    reports.push_back({fmt::format("{}", fmt::join(traced.signature, ", ")), traced.reason,
                       traced.guards, traced.compiled});
  return reports;
}

std::string detail::signature_of(const Array& array) {
  return fmt::format("{}{}", name_of(array.dtype()), array.shape().to_string());
}

std::string detail::signature_of(const State& state) {
  return fmt::format("state {} {}{}", state.name(), name_of(state.type().dtype),
                     state.type().shape.to_string());
}

}  // namespace ashlar
