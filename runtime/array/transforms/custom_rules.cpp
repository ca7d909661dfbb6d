// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/transforms/custom_rules.h"

#include "runtime/array/elementwise.h"
#include "runtime/array/origin.h"
#include "runtime/array/transforms.h"

#include <algorithm>

namespace ashlar {
namespace {

// Constants, weights and evaluated arrays depend on nothing that a transform could vary.
bool may_carry_derivative(const Node& node) {
  const bool source =
      !node.is_input() && !node.is_call() && op_info(node.kind()).op_class == OpClass::source;
  return is_float(node.type().dtype) && !source && !node.value();
}

// What the results use of the world outside of the function.
Arrays captures_of(const TracedFunction& traced) {
  const std::vector<Node*> order = topological_order(traced.results);
  const auto inside = dependents(order, traced.parameters);
  Arrays captures;
  const auto visit = [&](const NodeRef& node) {
    if (!inside.contains(node.get()) && may_carry_derivative(*node) &&
        std::ranges::find(captures, node, &Array::node) == captures.end())
      captures.emplace_back(node);
  };
  for (const Node* node : order)
    if (inside.contains(node))
      std::ranges::for_each(node->inputs(), visit);
  for (const Array& result : traced.results)
    visit(result.node());
  return captures;
}

}  // namespace

CallView::CallView(const Node& node) : rules(*node.call().rules) {
  for (std::size_t i = 0; i < node.inputs().size(); ++i)
    (i < node.call().results ? results : arguments).emplace_back(node.inputs()[i]);
  for (std::size_t i = 0; i < results.size(); ++i)
    outputs.emplace_back(
        Node::call({node.call().rules, i, results.size()}, node.inputs(), node.origin()));
}

Arrays make_call(CustomRules rules, const Arrays& results, const Arrays& arguments) {
  const auto shared = std::make_shared<const CustomRules>(std::move(rules));
  std::vector<NodeRef> inputs;
  for (const Arrays* part : {&results, &arguments})
    for (const Array& array : *part)
      inputs.push_back(array.node());
  Arrays calls;
  for (std::size_t i = 0; i < results.size(); ++i)
    calls.emplace_back(Node::call({shared, i, results.size()}, inputs, current_origin()));
  return calls;
}

Arrays call_with_rules(const ArrayFunction& function, const Arrays& arguments,
                       const std::function<CustomRules(const TracedFunction&)>& rules) {
  TracedFunction traced = trace_function(function, arguments);
  const Arrays captures = captures_of(traced);
  Arrays all = arguments;
  std::vector<NodeRef> captured;
  Arrays stand_ins;
  for (const Array& capture : captures) {
    all.push_back(capture);
    captured.push_back(capture.node());
    traced.parameters.push_back(parameter_like(capture));
    stand_ins.emplace_back(traced.parameters.back());
  }
  traced.results = substitute(traced.results, captured, stand_ins);
  return make_call(rules(traced), traced(all), all);
}

Array stop_gradient(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return make_call({.stops_gradients = true}, {x}, {x})[0];
}

namespace detail {

ArrayFunction checkpointed(const ArrayFunction& function) {
  return [function](const Arrays& arguments) {
    return call_with_rules(function, arguments, [](const TracedFunction& traced) {
      CustomRules rules;
      rules.vjp = [traced](const Arrays& primals, const Arrays& cotangents, const Arrays&) {
        Arrays again;
        for (const Array& primal : primals)
          again.push_back(opaque(primal));
        return detail::vjp(traced, again, cotangents).second;
      };
      rules.jvp = [traced](const Arrays& primals, const Arrays& tangents) {
        return detail::jvp(traced, primals, tangents).second;
      };
      return rules;
    });
  };
}

ArrayFunction with_rules(const ArrayFunction& function, const CustomRules& rules) {
  return [function, rules](const Arrays& arguments) {
    const std::size_t own = arguments.size();
    return call_with_rules(function, arguments, [&](const TracedFunction&) {
      const auto first = [own](const Arrays& all) {
        return Arrays(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(own));
      };
      CustomRules result = rules;
      if (rules.vjp)
        result.vjp = [first, rule = rules.vjp](const Arrays& primals, const Arrays& cotangents,
                                               const Arrays& outputs) {
          return rule(first(primals), cotangents, outputs);
        };
      if (rules.jvp)
        result.jvp = [first, rule = rules.jvp](const Arrays& primals, const Arrays& tangents) {
          return rule(first(primals), first(tangents));
        };
      if (rules.vmap)
        result.vmap = [first, own, rule = rules.vmap](const Arrays& all,
                                                      const std::vector<bool>& batched) {
          return rule(first(all),
                      std::vector<bool>(batched.begin(),
                                        batched.begin() + static_cast<std::ptrdiff_t>(own)));
        };
      return result;
    });
  };
}

}  // namespace detail
}  // namespace ashlar
