// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/name_check.h"

#include "models/formats/template/ast_walk.h"
#include "models/formats/template/filters.h"
#include "models/formats/template/template_error.h"
#include "models/formats/template/tests.h"

namespace ashlar::jinja {

namespace {

void require(bool known, std::string_view what, std::string_view name, int line) {
  if (!known)
    throw Unsupported("template", "line {}: no {} named '{}'", line, what, name);
}

void check(const ast::Expression& expression) {
  if (const auto* filter = std::get_if<ast::Filter>(&expression.node))
    require(find_filter(filter->name), "filter", filter->name, expression.line);
  if (const auto* test = std::get_if<ast::Test>(&expression.node))
    require(find_test(test->name), "test", test->name, expression.line);
  if (!std::holds_alternative<ast::Conditional>(expression.node))
    ast::for_each_part(expression, check);
}

void check(const ast::ExpressionPtr& expression) {
  if (expression)
    check(*expression);
}

// `guarded` bodies stand directly inside an `if`.
void check(const ast::Body& body, bool guarded);

class StatementCheck {
public:
  explicit StatementCheck(bool guarded) : guarded_(guarded) {}

  void operator()(const ast::Output& node) const {
    for (const auto& part : node.parts) {
      if (const auto* expression = std::get_if<ast::ExpressionPtr>(&part))
        check_here(*expression);
    }
  }

  void operator()(const ast::If& node) const {
    for (const auto& [test, body] : node.branches)
      check(body, true);
    check(node.otherwise, true);
  }

  void operator()(const ast::For& node) const {
    check_here(node.iterable);
    check(node.condition);
    check(node.body, false);
    check(node.otherwise, false);
  }

  void operator()(const ast::Set& node) const { check_here(node.value); }

  void operator()(const ast::SetBlock& node) const {
    check(node.filter);
    check(node.body, false);
  }

  void operator()(const ast::Macro& node) const {
    for (const ast::Parameter& parameter : node.parameters)
      check(parameter.fallback);
    check(node.body, false);
  }

  void operator()(const ast::CallBlock& node) const {
    (*this)(node.caller);
    check_here(node.call);
  }

  void operator()(const ast::FilterBlock& node) const {
    check(node.filter);
    check(node.body, false);
  }

  void operator()(const ast::With& node) const {
    for (const auto& [target, value] : node.assignments)
      check_here(value);
    check(node.body, false);
  }

  void operator()(const ast::Generation& node) const { check(node.body, false); }
  void operator()(const ast::Break&) const {}
  void operator()(const ast::Continue&) const {}

private:
  void check_here(const ast::ExpressionPtr& expression) const {
    if (!guarded_)
      check(expression);
  }

  bool guarded_;
};

void check(const ast::Body& body, bool guarded) {
  for (const ast::Statement& statement : body)
    std::visit(StatementCheck(guarded), statement.node);
}

}  // namespace

void check_names(const ast::Template& source) {
  check(source.body, false);
}

}  // namespace ashlar::jinja
