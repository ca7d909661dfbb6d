// SPDX-License-Identifier: Apache-2.0
// Visits the direct parts of an expression, in the order of the source.
#pragma once

#include "models/formats/template/ast.h"

namespace ashlar::jinja::ast {

template <typename Visit> void for_each_argument(const CallArguments& arguments, Visit&& visit) {
  for (const ExpressionPtr& argument : arguments.positional)
    visit(*argument);
  for (const auto& [name, value] : arguments.named)
    visit(*value);
  for (const ExpressionPtr* part : {&arguments.star, &arguments.double_star}) {
    if (*part)
      visit(**part);
  }
}

template <typename Visit> void for_each_part(const Expression& expression, Visit&& visit) {
  auto visit_present = [&](const ExpressionPtr& part) {
    if (part)
      visit(*part);
  };
  auto visit_all = [&](const Expressions& parts) {
    for (const ExpressionPtr& part : parts)
      visit(*part);
  };
  std::visit(Overloaded{
                 [](const Literal&) {},
                 [](const Name&) {},
                 [](const NamespaceReference&) {},
                 [&](const ListLiteral& node) { visit_all(node.items); },
                 [&](const TupleLiteral& node) { visit_all(node.items); },
                 [&](const DictLiteral& node) {
                   for (const auto& [key, value] : node.entries) {
                     visit(*key);
                     visit(*value);
                   }
                 },
                 [&](const Not& node) { visit(*node.operand); },
                 [&](const Sign& node) { visit(*node.operand); },
                 [&](const Binary& node) {
                   visit(*node.left);
                   visit(*node.right);
                 },
                 [&](const Logical& node) {
                   visit(*node.left);
                   visit(*node.right);
                 },
                 [&](const Comparison& node) {
                   visit(*node.first);
                   for (const auto& [comparator, operand] : node.rest)
                     visit(*operand);
                 },
                 [&](const Concatenation& node) { visit_all(node.parts); },
                 [&](const Conditional& node) {
                   visit(*node.condition);
                   visit(*node.consequent);
                   visit_present(node.alternative);
                 },
                 [&](const Attribute& node) { visit(*node.object); },
                 [&](const Item& node) {
                   visit(*node.object);
                   visit(*node.key);
                 },
                 [&](const Slice& node) {
                   visit_present(node.start);
                   visit_present(node.stop);
                   visit_present(node.step);
                 },
                 [&](const Call& node) {
                   visit(*node.callee);
                   for_each_argument(node.arguments, visit);
                 },
                 [&](const Filter& node) {
                   visit_present(node.operand);
                   for_each_argument(node.arguments, visit);
                 },
                 [&](const Test& node) {
                   visit(*node.operand);
                   for_each_argument(node.arguments, visit);
                 },
             },
             expression.node);
}

}  // namespace ashlar::jinja::ast
