// SPDX-License-Identifier: Apache-2.0
// The expression half of the parser: one function per level of precedence, lowest first.
#pragma once

#include "models/formats/template/ast.h"
#include "models/formats/template/limits.h"
#include "models/formats/template/token_stream.h"

#include <vector>

namespace ashlar::jinja {

class ExpressionParser {
public:
  ExpressionParser(TokenStream& stream, const TemplateLimits& limits)
      : stream_(stream), nesting_limit_(limits.nesting) {}

  ast::ExpressionPtr parse_expression();
  // As parse_expression, but leaves a following `if` to the caller.
  ast::ExpressionPtr parse_without_condition();
  // One expression, or a tuple where commas follow. `end_name` is a name that ends the list.
  ast::ExpressionPtr parse_tuple(std::string_view end_name = "");
  ast::ExpressionPtr parse_tuple_without_condition(std::string_view end_name = "");
  // A name, or a tuple of names; also `namespace.attribute` when `allow_namespace`.
  ast::ExpressionPtr parse_target(std::string_view end_name, bool allow_namespace);
  std::string parse_target_name();
  // `|filter|filter...` applied to `operand`, which is null in blocks. `inline_start` reads the
  // first filter without its bar.
  ast::ExpressionPtr parse_filters(ast::ExpressionPtr operand, bool inline_start);

private:
  struct TupleOptions {
    enum class Element { kExpression, kWithoutCondition, kTarget, kNamespaceTarget } element;
    std::string_view end_name;
    bool parenthesized = false;
  };

  class Nested;

  ast::ExpressionPtr make(int line, ast::Expression::Node node, int depth) const;

  ast::ExpressionPtr parse_tuple(const TupleOptions& options);
  ast::ExpressionPtr parse_element(TupleOptions::Element element);
  bool at_tuple_end(std::string_view end_name) const;
  void require_assignable(const ast::Expression& target) const;

  ast::ExpressionPtr parse_or();
  ast::ExpressionPtr parse_and();
  ast::ExpressionPtr parse_not();
  ast::ExpressionPtr parse_comparison();
  ast::ExpressionPtr parse_sum();
  ast::ExpressionPtr parse_concatenation();
  ast::ExpressionPtr parse_product();
  ast::ExpressionPtr parse_power();
  ast::ExpressionPtr parse_unary(bool with_filters);
  ast::ExpressionPtr parse_primary(bool allow_namespace);
  ast::ExpressionPtr parse_name(bool allow_namespace);
  ast::ExpressionPtr parse_string();
  ast::ExpressionPtr parse_integer();
  ast::ExpressionPtr parse_float();
  ast::ExpressionPtr parse_list();
  ast::ExpressionPtr parse_dict();
  ast::ExpressionPtr parse_postfix(ast::ExpressionPtr operand);
  ast::ExpressionPtr parse_filters_and_tests(ast::ExpressionPtr operand);
  ast::ExpressionPtr parse_attribute(ast::ExpressionPtr object);
  ast::ExpressionPtr parse_item(ast::ExpressionPtr object);
  ast::ExpressionPtr parse_key();
  ast::ExpressionPtr parse_call(ast::ExpressionPtr callee);
  ast::ExpressionPtr parse_filter(ast::ExpressionPtr operand);
  ast::ExpressionPtr parse_test(ast::ExpressionPtr operand);
  bool at_test_argument() const;
  std::string parse_dotted_name();
  ast::CallArguments parse_arguments();
  void parse_argument(ast::CallArguments& arguments, int line);

  TokenStream& stream_;
  int nesting_limit_;
  int nesting_ = 0;
};

// Counts how deep the parser recurses; a template cannot make it exhaust the stack.
class ExpressionParser::Nested {
public:
  explicit Nested(ExpressionParser& parser) : parser_(parser) {
    if (++parser_.nesting_ > parser_.nesting_limit_)
      throw TemplateError(
          fmt::format("expressions are nested more than {} levels deep", parser_.nesting_limit_),
          parser_.stream_.line());
  }
  ~Nested() { --parser_.nesting_; }

private:
  ExpressionParser& parser_;
};

}  // namespace ashlar::jinja
