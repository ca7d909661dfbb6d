// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/mentions.h"

#include "models/formats/template/ast_walk.h"

namespace ashlar::jinja {

namespace {

class Search {
public:
  explicit Search(std::set<std::string> candidates) : candidates_(std::move(candidates)) {}

  void visit(const ast::Body& body) {
    for (const ast::Statement& statement : body)
      std::visit(*this, statement.node);
  }

  void operator()(const ast::Output& node) {
    for (const auto& part : node.parts) {
      if (const auto* expression = std::get_if<ast::ExpressionPtr>(&part))
        read(*expression);
    }
  }

  void operator()(const ast::If& node) {
    for (const auto& [test, body] : node.branches) {
      read(test);
      visit(body);
    }
    visit(node.otherwise);
  }

  void operator()(const ast::For& node) {
    assign(*node.target);
    read(node.iterable);
    visit(node.body);
    visit(node.otherwise);
    read(node.condition);
  }

  void operator()(const ast::Set& node) {
    assign(*node.target);
    read(node.value);
  }

  void operator()(const ast::SetBlock& node) {
    assign(*node.target);
    read(node.filter);
    visit(node.body);
  }

  void operator()(const ast::Macro& node) {
    for (const ast::Parameter& parameter : node.parameters)
      candidates_.erase(parameter.name);
    for (const ast::Parameter& parameter : node.parameters)
      read(parameter.fallback);
    visit(node.body);
  }

  void operator()(const ast::CallBlock& node) {
    read(node.call);
    (*this)(node.caller);
  }

  void operator()(const ast::FilterBlock& node) {
    visit(node.body);
    read(node.filter);
  }

  void operator()(const ast::With& node) {
    for (const auto& [target, value] : node.assignments)
      assign(*target);
    for (const auto& [target, value] : node.assignments)
      read(value);
    visit(node.body);
  }

  void operator()(const ast::Generation& node) { visit(node.body); }
  void operator()(const ast::Break&) {}
  void operator()(const ast::Continue&) {}

  std::set<std::string> take_found() { return std::move(found_); }

private:
  void read(const ast::ExpressionPtr& expression) {
    if (expression)
      read(*expression);
  }

  void read(const ast::Expression& expression) {
    if (const auto* name = std::get_if<ast::Name>(&expression.node);
        name && candidates_.contains(name->name))
      found_.insert(name->name);
    ast::for_each_part(expression, [&](const ast::Expression& part) { read(part); });
  }

  void assign(const ast::Expression& target) {
    if (const auto* name = std::get_if<ast::Name>(&target.node))
      candidates_.erase(name->name);
    if (const auto* tuple = std::get_if<ast::TupleLiteral>(&target.node)) {
      for (const ast::ExpressionPtr& item : tuple->items)
        assign(*item);
    }
  }

  std::set<std::string> candidates_;
  std::set<std::string> found_;
};

}  // namespace

std::set<std::string> mentions(const ast::Body& body, std::set<std::string> candidates) {
  Search search(std::move(candidates));
  search.visit(body);
  return search.take_found();
}

}  // namespace ashlar::jinja
