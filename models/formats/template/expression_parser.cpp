// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/expression_parser.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace ashlar::jinja {

using ast::Expression;
using ast::ExpressionPtr;
using ast::Expressions;

namespace {

int depth_of(const ExpressionPtr& expression) {
  return expression ? expression->depth : 0;
}

int depth_of(const Expressions& expressions) {
  int deepest = 0;
  for (const ExpressionPtr& expression : expressions)
    deepest = std::max(deepest, expression->depth);
  return deepest;
}

std::optional<BinaryOperator> operator_of(const Token& token, std::string_view candidates) {
  if (token.kind != TokenKind::kOperator)
    return std::nullopt;
  static constexpr std::pair<std::string_view, BinaryOperator> kOperators[] = {
      {"+", BinaryOperator::kAdd},      {"-", BinaryOperator::kSubtract},
      {"*", BinaryOperator::kMultiply}, {"/", BinaryOperator::kDivide},
      {"%", BinaryOperator::kModulo},   {"//", BinaryOperator::kFloorDivide},
  };
  for (auto [text, op] : kOperators) {
    if (token.text == text && candidates.find(text[0]) != std::string_view::npos)
      return op;
  }
  return std::nullopt;
}

}  // namespace

ExpressionPtr ExpressionParser::make(int line, Expression::Node node, int depth) const {
  if (depth >= nesting_limit_)
    throw TemplateError(
        fmt::format("an expression is nested more than {} levels deep", nesting_limit_), line);
  return std::make_unique<const Expression>(line, depth + 1, std::move(node));
}

ExpressionPtr ExpressionParser::parse_expression() {
  Nested nested(*this);
  int line = stream_.line();
  ExpressionPtr result = parse_or();
  while (stream_.skip_name("if")) {
    ExpressionPtr condition = parse_or();
    ExpressionPtr alternative = stream_.skip_name("else") ? parse_expression() : nullptr;
    int depth = std::max({depth_of(result), depth_of(condition), depth_of(alternative)});
    result = make(line,
                  ast::Conditional{std::move(condition), std::move(result), std::move(alternative)},
                  depth);
    line = stream_.line();
  }
  return result;
}

ExpressionPtr ExpressionParser::parse_without_condition() {
  return parse_or();
}

ExpressionPtr ExpressionParser::parse_tuple(std::string_view end_name) {
  return parse_tuple({TupleOptions::Element::kExpression, end_name});
}

ExpressionPtr ExpressionParser::parse_tuple_without_condition(std::string_view end_name) {
  return parse_tuple({TupleOptions::Element::kWithoutCondition, end_name});
}

ExpressionPtr ExpressionParser::parse_target(std::string_view end_name, bool allow_namespace) {
  using Element = TupleOptions::Element;
  ExpressionPtr target =
      parse_tuple({allow_namespace ? Element::kNamespaceTarget : Element::kTarget, end_name});
  require_assignable(*target);
  return target;
}

std::string ExpressionParser::parse_target_name() {
  Token token = stream_.expect(TokenKind::kName, "name");
  require_assignable(*make(token.line, ast::Name{token.text}, 0));
  return token.text;
}

void ExpressionParser::require_assignable(const Expression& target) const {
  if (const auto* tuple = std::get_if<ast::TupleLiteral>(&target.node)) {
    for (const ExpressionPtr& item : tuple->items)
      require_assignable(*item);
    return;
  }
  const auto* name = std::get_if<ast::Name>(&target.node);
  bool constant = name && (name->name == "true" || name->name == "false" || name->name == "none" ||
                           name->name == "True" || name->name == "False" || name->name == "None");
  bool is_target = name || std::holds_alternative<ast::NamespaceReference>(target.node);
  if (!is_target || constant)
    throw TemplateError("can't assign to this expression", target.line);
}

bool ExpressionParser::at_tuple_end(std::string_view end_name) const {
  return stream_.at(TokenKind::kVariableEnd) || stream_.at(TokenKind::kBlockEnd) ||
         stream_.at_operator(")") || (!end_name.empty() && stream_.at_name(end_name));
}

ExpressionPtr ExpressionParser::parse_element(TupleOptions::Element element) {
  switch (element) {
  case TupleOptions::Element::kExpression:
    return parse_expression();
  case TupleOptions::Element::kWithoutCondition:
    return parse_without_condition();
  case TupleOptions::Element::kTarget:
    return parse_primary(false);
  case TupleOptions::Element::kNamespaceTarget:
    return parse_primary(true);
  }
  return nullptr;
}

ExpressionPtr ExpressionParser::parse_tuple(const TupleOptions& options) {
  int line = stream_.line();
  Expressions items;
  bool is_tuple = false;
  while (!at_tuple_end(options.end_name)) {
    items.push_back(parse_element(options.element));
    if (!stream_.skip_operator(","))
      break;
    is_tuple = true;
    line = stream_.line();
  }
  if (!is_tuple && !items.empty())
    return std::move(items.front());
  if (!is_tuple && !options.parenthesized)
    throw TemplateError(
        fmt::format("expected an expression, got '{}'", describe(stream_.current())),
        stream_.line());
  int depth = depth_of(items);
  return make(line, ast::TupleLiteral{std::move(items)}, depth);
}

ExpressionPtr ExpressionParser::parse_or() {
  int line = stream_.line();
  ExpressionPtr left = parse_and();
  while (stream_.skip_name("or")) {
    ExpressionPtr right = parse_and();
    int depth = std::max(depth_of(left), depth_of(right));
    left = make(line, ast::Logical{false, std::move(left), std::move(right)}, depth);
    line = stream_.line();
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_and() {
  int line = stream_.line();
  ExpressionPtr left = parse_not();
  while (stream_.skip_name("and")) {
    ExpressionPtr right = parse_not();
    int depth = std::max(depth_of(left), depth_of(right));
    left = make(line, ast::Logical{true, std::move(left), std::move(right)}, depth);
    line = stream_.line();
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_not() {
  if (!stream_.at_name("not"))
    return parse_comparison();
  Nested nested(*this);
  int line = stream_.next().line;
  ExpressionPtr operand = parse_not();
  int depth = depth_of(operand);
  return make(line, ast::Not{std::move(operand)}, depth);
}

ExpressionPtr ExpressionParser::parse_comparison() {
  static constexpr std::pair<std::string_view, Comparator> kComparators[] = {
      {"==", Comparator::kEqual},  {"!=", Comparator::kNotEqual},
      {"<", Comparator::kLess},    {"<=", Comparator::kLessEqual},
      {">", Comparator::kGreater}, {">=", Comparator::kGreaterEqual},
  };
  int line = stream_.line();
  ast::Comparison comparison{parse_sum(), {}};
  int depth = depth_of(comparison.first);
  while (true) {
    std::optional<Comparator> comparator;
    for (auto [text, candidate] : kComparators) {
      if (stream_.at_operator(text))
        comparator = candidate;
    }
    if (stream_.at_name("in"))
      comparator = Comparator::kIn;
    if (stream_.at_name("not") && TokenStream::is_name(stream_.ahead(), "in")) {
      stream_.next();
      comparator = Comparator::kNotIn;
    }
    if (!comparator)
      break;
    stream_.next();
    comparison.rest.emplace_back(*comparator, parse_sum());
    depth = std::max(depth, depth_of(comparison.rest.back().second));
  }
  if (comparison.rest.empty())
    return std::move(comparison.first);
  return make(line, std::move(comparison), depth);
}

ExpressionPtr ExpressionParser::parse_sum() {
  int line = stream_.line();
  ExpressionPtr left = parse_concatenation();
  while (auto op = operator_of(stream_.current(), "+-")) {
    stream_.next();
    ExpressionPtr right = parse_concatenation();
    int depth = std::max(depth_of(left), depth_of(right));
    left = make(line, ast::Binary{*op, std::move(left), std::move(right)}, depth);
    line = stream_.line();
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_concatenation() {
  int line = stream_.line();
  Expressions parts;
  do
    parts.push_back(parse_product());
  while (stream_.skip_operator("~"));
  if (parts.size() == 1)
    return std::move(parts.front());
  int depth = depth_of(parts);
  return make(line, ast::Concatenation{std::move(parts)}, depth);
}

ExpressionPtr ExpressionParser::parse_product() {
  int line = stream_.line();
  ExpressionPtr left = parse_power();
  while (auto op = operator_of(stream_.current(), "*/%")) {
    stream_.next();
    ExpressionPtr right = parse_power();
    int depth = std::max(depth_of(left), depth_of(right));
    left = make(line, ast::Binary{*op, std::move(left), std::move(right)}, depth);
    line = stream_.line();
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_power() {
  int line = stream_.line();
  ExpressionPtr left = parse_unary(true);
  while (stream_.skip_operator("**")) {
    ExpressionPtr right = parse_unary(true);
    int depth = std::max(depth_of(left), depth_of(right));
    left =
        make(line, ast::Binary{BinaryOperator::kPower, std::move(left), std::move(right)}, depth);
    line = stream_.line();
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_unary(bool with_filters) {
  int line = stream_.line();
  ExpressionPtr result;
  if (stream_.at_operator("-") || stream_.at_operator("+")) {
    Nested nested(*this);
    bool negative = stream_.next().text == "-";
    ExpressionPtr operand = parse_unary(false);
    int depth = depth_of(operand);
    result = make(line, ast::Sign{negative, std::move(operand)}, depth);
  } else {
    result = parse_primary(false);
  }
  result = parse_postfix(std::move(result));
  return with_filters ? parse_filters_and_tests(std::move(result)) : std::move(result);
}

ExpressionPtr ExpressionParser::parse_primary(bool allow_namespace) {
  switch (stream_.current().kind) {
  case TokenKind::kName:
    return parse_name(allow_namespace);
  case TokenKind::kString:
    return parse_string();
  case TokenKind::kInteger:
    return parse_integer();
  case TokenKind::kFloat:
    return parse_float();
  default:
    break;
  }
  if (stream_.skip_operator("(")) {
    Nested nested(*this);
    ExpressionPtr result =
        parse_tuple({TupleOptions::Element::kExpression, "", /*parenthesized=*/true});
    stream_.expect_operator(")");
    return result;
  }
  if (stream_.at_operator("["))
    return parse_list();
  if (stream_.at_operator("{"))
    return parse_dict();
  throw TemplateError(fmt::format("unexpected '{}'", describe(stream_.current())), stream_.line());
}

ExpressionPtr ExpressionParser::parse_name(bool allow_namespace) {
  const Token& token = stream_.next();
  const std::string& name = token.text;
  if (name == "true" || name == "True" || name == "false" || name == "False")
    return make(token.line, ast::Literal{Value::boolean(name == "true" || name == "True")}, 0);
  if (name == "none" || name == "None")
    return make(token.line, ast::Literal{Value::none()}, 0);
  if (allow_namespace && stream_.skip_operator(".")) {
    std::string attribute = stream_.expect(TokenKind::kName, "name").text;
    return make(token.line, ast::NamespaceReference{name, std::move(attribute)}, 0);
  }
  return make(token.line, ast::Name{name}, 0);
}

ExpressionPtr ExpressionParser::parse_string() {
  int line = stream_.line();
  std::string text;
  while (stream_.at(TokenKind::kString))
    text += stream_.next().text;
  return make(line, ast::Literal{Value::text(std::move(text))}, 0);
}

ExpressionPtr ExpressionParser::parse_integer() {
  const Token& token = stream_.next();
  std::string_view digits = token.text;
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0' && digits[1] != '0') {
    base = digits[1] == 'x' || digits[1] == 'X' ? 16 : digits[1] == 'o' || digits[1] == 'O' ? 8 : 2;
    digits.remove_prefix(2);
  }
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc())
    throw Unsupported("template", "line {}: the number {} has more than 64 bits", token.line,
                      token.text);
  return make(token.line, ast::Literal{Value::integer(value)}, 0);
}

ExpressionPtr ExpressionParser::parse_float() {
  const Token& token = stream_.next();
  return make(token.line, ast::Literal{Value::real(std::strtod(token.text.c_str(), nullptr))}, 0);
}

ExpressionPtr ExpressionParser::parse_list() {
  Nested nested(*this);
  int line = stream_.next().line;
  Expressions items;
  while (!stream_.at_operator("]")) {
    if (!items.empty())
      stream_.expect_operator(",");
    if (stream_.at_operator("]"))
      break;
    items.push_back(parse_expression());
  }
  stream_.expect_operator("]");
  int depth = depth_of(items);
  return make(line, ast::ListLiteral{std::move(items)}, depth);
}

ExpressionPtr ExpressionParser::parse_dict() {
  Nested nested(*this);
  int line = stream_.next().line;
  ast::DictLiteral dict;
  int depth = 0;
  while (!stream_.at_operator("}")) {
    if (!dict.entries.empty())
      stream_.expect_operator(",");
    if (stream_.at_operator("}"))
      break;
    ExpressionPtr key = parse_expression();
    stream_.expect_operator(":");
    ExpressionPtr value = parse_expression();
    depth = std::max({depth, depth_of(key), depth_of(value)});
    dict.entries.emplace_back(std::move(key), std::move(value));
  }
  stream_.expect_operator("}");
  return make(line, std::move(dict), depth);
}

}  // namespace ashlar::jinja
