// SPDX-License-Identifier: Apache-2.0
// The expressions of the interpreter.
#include "models/formats/template/access.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/display.h"
#include "models/formats/template/globals.h"
#include "models/formats/template/interpreter.h"
#include "models/formats/template/operators.h"

#include <algorithm>

namespace ashlar::jinja {

Value Interpreter::evaluate(const ast::Expression& expression) {
  Depth depth(*this);
  line_ = expression.line;
  evaluation_.spend(1);
  return std::visit([&](const auto& node) { return evaluate(node); }, expression.node);
}

Value Interpreter::evaluate(const ast::Name& node) {
  return look_up(node.name);
}

Value Interpreter::look_up(std::string_view name) {
  for (const Scope* scope = scope_.get(); scope; scope = scope->parent.get()) {
    auto it = scope->variables.find(name);
    if (it == scope->variables.end())
      continue;
    if (it->second)
      return *it->second;
    return Value::undefined(fmt::format("'{}' is undefined", name));
  }
  if (name == "self")
    lack("the variable 'self'");
  if (const Value* value = variables_.find(name))
    return *value;
  if (std::optional<Value> value = find_global(name))
    return *value;
  return Value::undefined(fmt::format("'{}' is undefined", name));
}

Value Interpreter::evaluate(const ast::NamespaceReference&) {
  fail("a namespace attribute is read where only assignment is possible");
}

std::vector<Value> Interpreter::evaluate_all(const ast::Expressions& expressions) {
  std::vector<Value> values;
  values.reserve(expressions.size());
  for (const ast::ExpressionPtr& expression : expressions)
    values.push_back(evaluate(*expression));
  return values;
}

Value Interpreter::evaluate(const ast::ListLiteral& node) {
  return Value::list(evaluate_all(node.items));
}

Value Interpreter::evaluate(const ast::TupleLiteral& node) {
  return Value::tuple(evaluate_all(node.items));
}

Value Interpreter::evaluate(const ast::DictLiteral& node) {
  Dict dict;
  for (const auto& [key_node, value_node] : node.entries) {
    Value key = evaluate(*key_node);
    dict.set(std::move(key), evaluate(*value_node));
  }
  return Value::dict(std::move(dict));
}

Value Interpreter::evaluate(const ast::Not& node) {
  return Value::boolean(!truthy(evaluate(*node.operand)));
}

Value Interpreter::evaluate(const ast::Sign& node) {
  Value operand = evaluate(*node.operand);
  return node.negative ? negate(operand) : plus(operand);
}

Value Interpreter::evaluate(const ast::Binary& node) {
  Value left = evaluate(*node.left);
  Value right = evaluate(*node.right);
  Value result = apply(node.op, left, right);
  if (!result.is_number())
    evaluation_.spend(left.is_sequence() ? static_cast<std::int64_t>(result.items().size())
                                         : result.extent().weight);
  return result;
}

Value Interpreter::evaluate(const ast::Logical& node) {
  Value left = evaluate(*node.left);
  return truthy(left) == node.conjunction ? evaluate(*node.right) : left;
}

Value Interpreter::evaluate(const ast::Comparison& node) {
  Value left = evaluate(*node.first);
  for (const auto& [comparator, operand] : node.rest) {
    Value right = evaluate(*operand);
    std::int64_t weight = right.extent().weight;
    if (comparator != Comparator::kIn && comparator != Comparator::kNotIn)
      weight = std::min(weight, left.extent().weight);
    evaluation_.spend(weight / 4);
    if (!compare(left, comparator, right))
      return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

Value Interpreter::evaluate(const ast::Concatenation& node) {
  TextBuilder text;
  for (const ast::ExpressionPtr& part : node.parts)
    text.append(to_text(evaluate(*part)));
  evaluation_.spend(static_cast<std::int64_t>(text.view().size()) / 16);
  return Value::text(text.take());
}

Value Interpreter::evaluate(const ast::Conditional& node) {
  if (truthy(evaluate(*node.condition)))
    return evaluate(*node.consequent);
  if (node.alternative)
    return evaluate(*node.alternative);
  return Value::undefined(
      "the inline if-expression evaluated to false and no else section was defined.");
}

Value Interpreter::evaluate(const ast::Attribute& node) {
  return evaluation_.attribute(evaluate(*node.object), node.name);
}

Value Interpreter::evaluate_bound(const ast::ExpressionPtr& bound) {
  return bound ? evaluate(*bound) : Value::none();
}

Value Interpreter::evaluate(const ast::Item& node) {
  Value object = evaluate(*node.object);
  const auto* range = std::get_if<ast::Slice>(&node.key->node);
  if (!range)
    return evaluation_.item(object, evaluate(*node.key));
  Value start = evaluate_bound(range->start);
  Value stop = evaluate_bound(range->stop);
  Value step = evaluate_bound(range->step);
  Value result = slice(object, start, stop, step);
  evaluation_.spend(result.is_sequence() ? static_cast<std::int64_t>(result.items().size())
                                         : result.extent().weight);
  return result;
}

Value Interpreter::evaluate(const ast::Slice&) {
  lack("a tuple of slices as a key");
}

Arguments Interpreter::evaluate_arguments(const ast::CallArguments& arguments) {
  Arguments result{evaluate_all(arguments.positional), {}};
  if (arguments.star) {
    Value star = evaluate(*arguments.star);
    for (Value& item : collect(star))
      result.positional.push_back(std::move(item));
  }
  for (const auto& [name, value] : arguments.named)
    result.named.emplace_back(name, evaluate(*value));
  if (arguments.double_star) {
    Value mapping = evaluate(*arguments.double_star);
    if (!mapping.is(Kind::kDict))
      fail("argument after ** must be a mapping, not {}", type_name(mapping));
    for (const auto& [key, value] : mapping.as_dict().entries()) {
      if (!key.is(Kind::kText))
        fail("keywords must be strings");
      if (result.find_named(key.bytes()))
        fail("got multiple values for keyword argument '{}'", key.bytes());
      result.named.emplace_back(key.bytes(), value);
    }
  }
  evaluation_.spend(static_cast<std::int64_t>(result.positional.size() + result.named.size()));
  return result;
}

Value Interpreter::evaluate(const ast::Call& node) {
  Value callee = evaluate(*node.callee);
  Arguments arguments = evaluate_arguments(node.arguments);
  return evaluation_.call(callee, arguments);
}

Value Interpreter::evaluate(const ast::Filter& node) {
  Value operand = node.operand ? evaluate(*node.operand) : *block_text_;
  return evaluation_.filter(node.name, operand, evaluate_arguments(node.arguments));
}

Value Interpreter::evaluate(const ast::Test& node) {
  Value operand = evaluate(*node.operand);
  return Value::boolean(evaluation_.test(node.name, operand, evaluate_arguments(node.arguments)));
}

}  // namespace ashlar::jinja
