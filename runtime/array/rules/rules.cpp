// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/rules/rules.h"

#include "runtime/array/movement.h"
#include "runtime/array/promotion.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

struct NamedRule {
  std::string_view name;  // as in the op table
  Derivatives (*vjp)(const Application& op, const Array& cotangent);
};

constexpr NamedRule kRules[] = {
    {"elementwise", vjp_elementwise},
    {"movement", vjp_movement},
    {"reduction", vjp_reduction},
    {"contraction", vjp_contraction},
    {"attention", vjp_attention},
    {"gather", vjp_gather},
    {"scan", vjp_scan},
    {"sort", vjp_sort},
    {"quantized", vjp_quantized},
};

}  // namespace

Application::Application(Node& node) : node_(node) {
  for (const NodeRef& input : node.inputs())
    inputs_.emplace_back(input);
}

Array Batched::batched_input(std::size_t i) const {
  if (batched[i])
    return inputs[i];
  std::vector<std::int64_t> dims = inputs[i].shape().dims();
  dims.insert(dims.begin(), size);
  return broadcast(expand_dims(inputs[i], 0), Shape(std::move(dims)));
}

Array Batched::with_axis_behind_batch() const {
  Arrays operands;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    operands.push_back(batched_input(i));
  Attributes moved = attributes();
  moved.set("axis", moved.integer("axis") + 1);
  return apply(node.kind(), std::move(operands), std::move(moved));
}

Derivatives vjp_of_op(const Application& op, const Array& cotangent) {
  const OpInfo& info = op_info(op.kind());
  const auto rule = std::ranges::find(kRules, info.derivative, &NamedRule::name);
  if (rule == std::end(kRules))
    throw Unsupported("grad", "no derivative rule for {}", info.name);
  return rule->vjp(op, cotangent);
}

Array batch_op(const Batched& op) {
  const OpInfo& info = op_info(op.node.kind());
  switch (info.op_class) {
  case OpClass::elementwise:
  case OpClass::random:
    return batch_elementwise(op);
  case OpClass::movement:
    return batch_movement(op);
  case OpClass::reduction:
    return batch_reduction(op);
  case OpClass::contraction:
    return batch_contraction(op);
  case OpClass::attention:
    return batch_attention(op);
  case OpClass::quantized:
    return batch_quantized(op);
  case OpClass::gather:
    return batch_gather(op);
  case OpClass::scan:
  case OpClass::sort:
    return op.with_axis_behind_batch();
  case OpClass::source:
    break;  // has no operands to be batched
  }
  throw Unsupported("vmap", "no batching rule for {}", info.name);
}

}  // namespace ashlar
