// SPDX-License-Identifier: Apache-2.0
// Reverse mode: walks a graph from its results to its parameters and adds up cotangents.
#include "runtime/array/elementwise.h"
#include "runtime/array/origin.h"
#include "runtime/array/rules/rules.h"
#include "runtime/array/transforms/custom_rules.h"
#include "runtime/array/transforms/derivatives.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace ashlar {
namespace {

// The results of one call share their rules and inputs.
using CallKey = std::pair<const CustomRules*, std::vector<NodeRef>>;

struct CallKeyLess {
  bool operator()(const CallKey& a, const CallKey& b) const {
    const auto by_address = [](const NodeRef& x, const NodeRef& y) {
      return std::less<>()(x.get(), y.get());
    };
    return a.first != b.first
               ? std::less<>()(a.first, b.first)
               : std::ranges::lexicographical_compare(a.second, b.second, by_address);
  }
};

CallKey key_of(const Node& node) {
  return {node.call().rules.get(), node.inputs()};
}

// What has arrived at the results of one call so far.
struct CallCotangents {
  const Node* first;  // the result that the walk reaches last
  Derivatives arrived;
};

class Reverse {
public:
  Reverse(const TracedFunction& function)
      : function_(function), order_(topological_order(function.results)) {
    for (const NodeRef& parameter : function.parameters)
      if (is_float(parameter->type().dtype))
        active_.insert(parameter.get());
    for (const Node* node : order_) {
      if (carries(*node))
        active_.insert(node);
      if (node->is_call() && !node->value())
        calls_.try_emplace(key_of(*node), CallCotangents{node, Derivatives(node->call().results)});
    }
  }

  Derivatives run(const Arrays& cotangents) {
    for (std::size_t i = 0; i < cotangents.size(); ++i)
      add(function_.results[i].node(), cotangents[i]);
    for (auto at = order_.rbegin(); at != order_.rend(); ++at)
      visit(**at);
    Derivatives result;
    for (const NodeRef& parameter : function_.parameters) {
      const auto found = cotangents_.find(parameter.get());
      result.push_back(found == cotangents_.end() ? std::nullopt : std::optional(found->second));
    }
    return result;
  }

private:
  bool is_active(const NodeRef& node) const { return active_.contains(node.get()); }

  // Whether a derivative flows from an input of the node to its result.
  bool carries(const Node& node) const {
    if (!is_float(node.type().dtype))
      return false;
    if (!node.is_call())
      return !node.is_input() && !op_info(node.kind()).derivative.empty() &&
             std::ranges::any_of(node.inputs(), [&](const auto& n) { return is_active(n); });
    if (node.call().rules->stops_gradients)
      return false;
    return std::ranges::any_of(node.inputs(), [&](const auto& n) { return is_active(n); });
  }

  void add(const NodeRef& node, const Array& cotangent) {
    if (!is_active(node))
      return;
    const auto [at, is_new] = cotangents_.try_emplace(node.get(), cotangent);
    if (!is_new)
      at->second = at->second + cotangent;
  }

  void add_all(std::span<const NodeRef> nodes, const Derivatives& cotangents) {
    for (std::size_t i = 0; i < cotangents.size(); ++i)
      if (cotangents[i])
        add(nodes[i], *cotangents[i]);
  }

  void visit(Node& node) {
    const auto found = cotangents_.find(&node);
    const BuiltFor origin(node.origin());
    if (node.is_call())
      visit_call(node, found == cotangents_.end() ? std::nullopt : std::optional(found->second));
    else if (found != cotangents_.end() && !node.is_input())
      add_all(node.inputs(), vjp_of_op(Application(node), found->second));
  }

  void visit_call(const Node& node, std::optional<Array> cotangent) {
    const auto found = calls_.find(key_of(node));
    if (found == calls_.end())
      return;
    CallCotangents& call = found->second;
    call.arrived[node.call().result] = std::move(cotangent);
    const bool any = std::ranges::any_of(call.arrived, [](const auto& c) { return c.has_value(); });
    if (call.first == &node && any)
      leave_call(CallView(node), node.inputs(), call.arrived);
  }

  void leave_call(const CallView& call, std::span<const NodeRef> inputs,
                  const Derivatives& arrived) {
    if (!call.rules.vjp && !call.rules.jvp)
      return add_all(inputs, arrived);  // through what the function computes
    Arrays cotangents = zeros_like(call.results);
    for (std::size_t i = 0; i < arrived.size(); ++i)
      cotangents[i] = arrived[i].value_or(cotangents[i]);
    add_all(inputs.subspan(call.results.size()), call.rules.vjp
                                                     ? from_vjp_rule(call, cotangents)
                                                     : transposed_jvp_rule(call, cotangents));
  }

  static Derivatives from_vjp_rule(const CallView& call, const Arrays& cotangents) {
    const Arrays given = call.rules.vjp(call.arguments, cotangents, call.outputs);
    if (given.size() > call.arguments.size())
      throw InvalidArgument("custom_function", "vjp: expected {} cotangents, got {}",
                            call.arguments.size(), given.size());
    for (std::size_t i = 0; i < given.size(); ++i)
      if (is_float(call.arguments[i].dtype()) && given[i].type() != call.arguments[i].type())
        throw InvalidArgument("custom_function", "vjp: cotangent {} is {}{}, its argument {}{}", i,
                              name_of(given[i].dtype()), given[i].shape().to_string(),
                              name_of(call.arguments[i].dtype()),
                              call.arguments[i].shape().to_string());
    return {given.begin(), given.end()};
  }

  // A jvp rule is linear in its tangents, so its reverse is the vjp.
  static Derivatives transposed_jvp_rule(const CallView& call, const Arrays& cotangents) {
    const TracedFunction linear = trace_function(
        [&](const Arrays& tangents) { return call.rules.jvp(call.arguments, tangents); },
        call.arguments);
    return pull_back(linear, cotangents);
  }

  const TracedFunction& function_;
  std::vector<Node*> order_;
  std::unordered_set<const Node*> active_;
  std::unordered_map<const Node*, Array> cotangents_;
  std::map<CallKey, CallCotangents, CallKeyLess> calls_;
};

}  // namespace

Derivatives pull_back(const TracedFunction& function, const Arrays& cotangents) {
  return Reverse(function).run(cotangents);
}

}  // namespace ashlar
