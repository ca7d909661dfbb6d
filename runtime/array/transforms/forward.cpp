// SPDX-License-Identifier: Apache-2.0
// Forward mode: walks a graph from its parameters to its results. An operation has one rule, its
// vjp; that is linear in the cotangent, and its reverse is the jvp.
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

using Vjp = std::function<Derivatives(const Arrays& cotangents)>;

// The tangents of `results` that the tangents of the operands give, from the cotangents that the
// operands would get.
Derivatives transposed(const Vjp& vjp, const Arrays& results, const Derivatives& tangents) {
  TracedFunction linear;
  Arrays cotangents;
  for (const Array& result : results) {
    linear.parameters.push_back(parameter_like(result));
    cotangents.emplace_back(linear.parameters.back());
  }
  Arrays entering;
  const Derivatives reached = vjp(cotangents);
  for (std::size_t i = 0; i < reached.size(); ++i)
    if (reached[i] && tangents[i]) {
      linear.results.push_back(*reached[i]);
      entering.push_back(*tangents[i]);
    }
  return pull_back(linear, entering);
}

class Forward {
public:
  explicit Forward(const TracedFunction& function) : function_(function) {}

  Derivatives run(const Derivatives& tangents) {
    for (std::size_t i = 0; i < tangents.size(); ++i)
      if (tangents[i])
        tangents_.emplace(function_.parameters[i].get(), *tangents[i]);
    for (Node* node : topological_order(function_.results))
      visit(*node);
    Derivatives result;
    for (const Array& output : function_.results)
      result.push_back(tangent_of(output.node()));
    return result;
  }

private:
  std::optional<Array> tangent_of(const NodeRef& node) const {
    const auto found = tangents_.find(node.get());
    return found == tangents_.end() ? std::nullopt : std::optional(found->second);
  }

  Derivatives tangents_of(std::span<const NodeRef> nodes) const {
    Derivatives result;
    for (const NodeRef& node : nodes)
      result.push_back(tangent_of(node));
    return result;
  }

  void visit(Node& node) {
    if (node.is_input() || !is_float(node.type().dtype))
      return;
    const Derivatives entering = tangents_of(node.inputs());
    if (std::ranges::none_of(entering, [](const auto& t) { return t.has_value(); }))
      return;
    const BuiltFor origin(node.origin());
    const std::optional<Array> tangent =
        node.is_call() ? through_call(node, entering) : through_op(node, entering);
    if (tangent)
      tangents_.emplace(&node, *tangent);
  }

  static std::optional<Array> through_op(Node& node, const Derivatives& entering) {
    if (op_info(node.kind()).derivative.empty())
      return std::nullopt;
    const Application application(node);
    const auto vjp = [&](const Arrays& cotangents) {
      return vjp_of_op(application, cotangents[0]);
    };
    return transposed(vjp, {application.result()}, entering)[0];
  }

  static std::optional<Array> through_call(const Node& node, const Derivatives& entering) {
    const CallView call(node);
    const std::size_t result = node.call().result;
    if (call.rules.stops_gradients)
      return std::nullopt;
    if (!call.rules.vjp && !call.rules.jvp)
      return entering[result];
    const Derivatives tangents(entering.begin() + static_cast<std::ptrdiff_t>(call.results.size()),
                               entering.end());
    if (std::ranges::none_of(tangents, [](const auto& t) { return t.has_value(); }))
      return std::nullopt;
    if (call.rules.jvp)
      return from_jvp_rule(call, tangents).at(result);
    const auto vjp = [&](const Arrays& cotangents) {
      const Arrays reached = call.rules.vjp(call.arguments, cotangents, call.outputs);
      return Derivatives(reached.begin(), reached.end());
    };
    return transposed(vjp, call.results, tangents)[result];
  }

  static Arrays from_jvp_rule(const CallView& call, const Derivatives& entering) {
    Arrays tangents = zeros_like(call.arguments);
    for (std::size_t i = 0; i < entering.size(); ++i)
      tangents[i] = entering[i].value_or(tangents[i]);
    const Arrays given = call.rules.jvp(call.arguments, tangents);
    if (given.size() != call.results.size())
      throw InvalidArgument("custom_function", "jvp: expected {} tangents, got {}",
                            call.results.size(), given.size());
    return given;
  }

  const TracedFunction& function_;
  std::unordered_map<const Node*, Array> tangents_;
};

}  // namespace

Derivatives push_forward(const TracedFunction& function, const Derivatives& tangents) {
  return Forward(function).run(tangents);
}

}  // namespace ashlar
