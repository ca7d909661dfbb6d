// SPDX-License-Identifier: Apache-2.0
// vmap: every value of the graph that depends on a batched argument gets the batch as axis 0.
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/rules/rules.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <unordered_map>

namespace ashlar {
namespace {

using InAxes = std::vector<std::optional<int>>;

struct Value {
  Array array;
  bool batched;
};

Array repeated(const Array& x, std::int64_t size) {
  std::vector<std::int64_t> dims = x.shape().dims();
  dims.insert(dims.begin(), size);
  return broadcast(expand_dims(x, 0), Shape(std::move(dims)));
}

// A rule over a batch: the rule itself, vectorised.
CustomRules batched_rules(const CustomRules& rules, std::size_t arguments) {
  CustomRules result{.stops_gradients = rules.stops_gradients};
  const auto joined = [](std::initializer_list<const Arrays*> lists) {
    Arrays all;
    for (const Arrays* list : lists)
      all.insert(all.end(), list->begin(), list->end());
    return all;
  };
  const auto part = [](const Arrays& all, std::size_t begin, std::size_t end) {
    return Arrays(all.begin() + static_cast<std::ptrdiff_t>(begin),
                  all.begin() + static_cast<std::ptrdiff_t>(end));
  };
  if (rules.vjp)
    result.vjp = [=, rule = rules.vjp](const Arrays& primals, const Arrays& cotangents,
                                       const Arrays& outputs) {
      const std::size_t results = cotangents.size();
      const auto one = [=](const Arrays& all) {
        return rule(part(all, 0, arguments), part(all, arguments, arguments + results),
                    part(all, arguments + results, arguments + 2 * results));
      };
      return detail::batched(one, joined({&primals, &cotangents, &outputs}), {}, 0);
    };
  if (rules.jvp)
    result.jvp = [=, rule = rules.jvp](const Arrays& primals, const Arrays& tangents) {
      const auto one = [=](const Arrays& all) {
        return rule(part(all, 0, arguments), part(all, arguments, 2 * arguments));
      };
      return detail::batched(one, joined({&primals, &tangents}), {}, 0);
    };
  return result;
}

// The results of one call have one key.
struct BatchedCall {
  const CustomRules* rules;
  std::vector<NodeRef> inputs;
  Arrays results;
};

class Batching {
public:
  Batching(const TracedFunction& function, std::int64_t size) : function_(function), size_(size) {}

  // Arguments stand in the order of the parameters.
  std::vector<Value> run(const std::vector<Value>& arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i)
      values_.emplace(function_.parameters[i].get(), arguments[i]);
    for (Node* node : topological_order(function_.results))
      if (!values_.contains(node))
        visit(*node);
    std::vector<Value> results;
    for (const Array& result : function_.results)
      results.push_back(values_.at(result.node().get()));
    return results;
  }

private:
  void visit(Node& node) {
    const BuiltFor origin(node.origin());
    std::vector<Value> inputs;
    for (const NodeRef& input : node.inputs())
      inputs.push_back(values_.at(input.get()));
    const bool any = std::ranges::any_of(inputs, &Value::batched);
    if (!any)
      values_.emplace(&node, Value{Array(same_on(node, inputs)), false});
    else if (node.is_call())
      visit_call(node, inputs);
    else
      values_.emplace(&node, Value{batch_op(operation(node, inputs)), true});
  }

  static NodeRef same_on(Node& node, const std::vector<Value>& inputs) {
    std::vector<NodeRef> nodes;
    for (const Value& input : inputs)
      nodes.push_back(input.array.node());
    return nodes == node.inputs() ? NodeRef(&node) : rebuild(node, std::move(nodes));
  }

  Batched operation(const Node& node, const std::vector<Value>& inputs) const {
    Batched op{node, {}, {}, size_};
    for (const Value& input : inputs) {
      op.inputs.push_back(input.array);
      op.batched.push_back(input.batched);
    }
    return op;
  }

  // The results of one call become the results of one call.
  void visit_call(const Node& node, const std::vector<Value>& inputs) {
    std::vector<NodeRef> key;
    for (const Value& input : inputs)
      key.push_back(input.array.node());
    auto call = std::ranges::find_if(calls_, [&](const BatchedCall& c) {
      return c.rules == node.call().rules.get() && c.inputs == key;
    });
    if (call == calls_.end())
      call = calls_.insert(call, {node.call().rules.get(), key, batched_call(node, inputs)});
    if (call->results.size() != node.call().results)
      throw InvalidArgument("custom_function", "vmap: expected {} outputs, got {}",
                            node.call().results, call->results.size());
    values_.emplace(&node, Value{call->results[node.call().result], true});
  }

  Arrays batched_call(const Node& node, const std::vector<Value>& inputs) const {
    const CustomRules& rules = *node.call().rules;
    const auto count = static_cast<std::ptrdiff_t>(node.call().results);
    const Batched op = operation(node, inputs);
    if (rules.vmap)
      return rules.vmap(Arrays(op.inputs.begin() + count, op.inputs.end()),
                        std::vector<bool>(op.batched.begin() + count, op.batched.end()));
    Arrays all;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      all.push_back(op.batched_input(i));
    const Arrays arguments(all.begin() + count, all.end());
    return make_call(batched_rules(rules, arguments.size()),
                     Arrays(all.begin(), all.begin() + count), arguments);
  }

  const TracedFunction& function_;
  std::int64_t size_;
  std::unordered_map<const Node*, Value> values_;
  std::vector<BatchedCall> calls_;
};

std::int64_t batch_size(const Arrays& arguments, const InAxes& axes) {
  std::optional<std::int64_t> size;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!axes[i])
      continue;
    const std::int64_t own = arguments[i].dim(*axes[i]);
    if (size && *size != own)
      throw InvalidArgument("vmap", "the batch is {} for one argument and {} for argument {}",
                            *size, own, i);
    size = own;
  }
  if (!size)
    throw InvalidArgument("vmap", "no argument has a batch");
  return *size;
}

// Traces on single rows.
TracedFunction trace_rows(const ArrayFunction& function, const std::vector<Value>& arguments) {
  Arrays rows;
  for (const Value& argument : arguments)
    rows.push_back(argument.batched ? argument.array(0) : argument.array);
  return trace_function(function, rows);
}

}  // namespace

Arrays detail::batched(const ArrayFunction& function, const Arrays& arguments,
                       const InAxes& in_axes, int out_axis) {
  const InAxes axes = in_axes.empty() ? InAxes(arguments.size(), 0) : in_axes;
  if (axes.size() != arguments.size())
    throw InvalidArgument("vmap", "{} axes for {} arguments", axes.size(), arguments.size());
  const std::int64_t size = batch_size(arguments, axes);
  if (size == 0)
    throw InvalidArgument("vmap", "the batch is empty");
  std::vector<Value> values;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    values.push_back(axes[i] ? Value{moveaxis(arguments[i], *axes[i], 0), true}
                             : Value{arguments[i], false});
  const TracedFunction traced = trace_rows(function, values);
  Arrays results;
  for (const Value& result : Batching(traced, size).run(values)) {
    const Array rows = result.batched ? result.array : repeated(result.array, size);
    results.push_back(moveaxis(rows, 0, out_axis));
  }
  return results;
}

}  // namespace ashlar
