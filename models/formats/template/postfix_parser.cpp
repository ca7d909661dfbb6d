// SPDX-License-Identifier: Apache-2.0
// What may follow an operand: attributes, items, calls, filters and tests.
#include "models/formats/template/expression_parser.h"

#include <algorithm>

namespace ashlar::jinja {

using ast::ExpressionPtr;
using ast::Expressions;

namespace {

int deepest(const ExpressionPtr& expression, const ast::CallArguments& arguments) {
  int depth = expression ? expression->depth : 0;
  auto include = [&](const ExpressionPtr& part) {
    depth = std::max(depth, part ? part->depth : 0);
  };
  std::ranges::for_each(arguments.positional, include);
  for (const auto& [name, value] : arguments.named)
    include(value);
  include(arguments.star);
  include(arguments.double_star);
  return depth;
}

}  // namespace

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr operand) {
  while (true) {
    if (stream_.at_operator("."))
      operand = parse_attribute(std::move(operand));
    else if (stream_.at_operator("["))
      operand = parse_item(std::move(operand));
    else if (stream_.at_operator("("))
      operand = parse_call(std::move(operand));
    else
      return operand;
  }
}

ExpressionPtr ExpressionParser::parse_filters_and_tests(ExpressionPtr operand) {
  while (true) {
    if (stream_.at_operator("|"))
      operand = parse_filters(std::move(operand), false);
    else if (stream_.at_name("is"))
      operand = parse_test(std::move(operand));
    else if (stream_.at_operator("("))
      operand = parse_call(std::move(operand));
    else
      return operand;
  }
}

ExpressionPtr ExpressionParser::parse_attribute(ExpressionPtr object) {
  int line = stream_.next().line;
  int depth = object->depth;
  if (stream_.at(TokenKind::kInteger)) {
    ExpressionPtr key = parse_integer();
    return make(line, ast::Item{std::move(object), std::move(key)}, depth);
  }
  std::string name = stream_.expect(TokenKind::kName, "name").text;
  return make(line, ast::Attribute{std::move(object), std::move(name)}, depth);
}

ExpressionPtr ExpressionParser::parse_item(ExpressionPtr object) {
  int line = stream_.next().line;
  Expressions keys;
  while (!stream_.at_operator("]")) {
    if (!keys.empty())
      stream_.expect_operator(",");
    keys.push_back(parse_key());
  }
  stream_.expect_operator("]");
  ExpressionPtr key;
  if (keys.size() == 1) {
    key = std::move(keys.front());
  } else {
    int depth = 0;
    for (const ExpressionPtr& part : keys)
      depth = std::max(depth, part->depth);
    key = make(line, ast::TupleLiteral{std::move(keys)}, depth);
  }
  int depth = std::max(object->depth, key->depth);
  return make(line, ast::Item{std::move(object), std::move(key)}, depth);
}

ExpressionPtr ExpressionParser::parse_key() {
  int line = stream_.line();
  auto at_bound_end = [&] { return stream_.at_operator("]") || stream_.at_operator(","); };
  ExpressionPtr start = stream_.at_operator(":") ? nullptr : parse_expression();
  if (!stream_.skip_operator(":"))
    return start;
  ExpressionPtr stop = stream_.at_operator(":") || at_bound_end() ? nullptr : parse_expression();
  ExpressionPtr step = stream_.skip_operator(":") && !at_bound_end() ? parse_expression() : nullptr;
  int depth = 0;
  for (const ExpressionPtr* part : {&start, &stop, &step})
    depth = std::max(depth, *part ? (*part)->depth : 0);
  return make(line, ast::Slice{std::move(start), std::move(stop), std::move(step)}, depth);
}

ExpressionPtr ExpressionParser::parse_call(ExpressionPtr callee) {
  int line = stream_.line();
  ast::CallArguments arguments = parse_arguments();
  int depth = deepest(callee, arguments);
  return make(line, ast::Call{std::move(callee), std::move(arguments)}, depth);
}

ExpressionPtr ExpressionParser::parse_filters(ExpressionPtr operand, bool inline_start) {
  if (inline_start)
    operand = parse_filter(std::move(operand));
  while (stream_.skip_operator("|"))
    operand = parse_filter(std::move(operand));
  return operand;
}

ExpressionPtr ExpressionParser::parse_filter(ExpressionPtr operand) {
  int line = stream_.line();
  std::string name = parse_dotted_name();
  ast::CallArguments arguments =
      stream_.at_operator("(") ? parse_arguments() : ast::CallArguments();
  int depth = deepest(operand, arguments);
  return make(line, ast::Filter{std::move(operand), std::move(name), std::move(arguments)}, depth);
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr operand) {
  int line = stream_.next().line;
  bool negated = stream_.skip_name("not");
  std::string name = parse_dotted_name();
  ast::CallArguments arguments;
  if (stream_.at_operator("(")) {
    arguments = parse_arguments();
  } else if (at_test_argument()) {
    if (stream_.at_name("is"))
      throw TemplateError("You cannot chain multiple tests with is", stream_.line());
    arguments.positional.push_back(parse_postfix(parse_primary(false)));
  }
  int depth = deepest(operand, arguments);
  ExpressionPtr test =
      make(line, ast::Test{std::move(operand), std::move(name), std::move(arguments)}, depth);
  return negated ? make(line, ast::Not{std::move(test)}, depth + 1) : std::move(test);
}

// A test takes one argument without parentheses: `x is divisibleby 3`.
bool ExpressionParser::at_test_argument() const {
  switch (stream_.current().kind) {
  case TokenKind::kName:
    return !stream_.at_any_name({"else", "or", "and"});
  case TokenKind::kString:
  case TokenKind::kInteger:
  case TokenKind::kFloat:
    return true;
  default:
    return stream_.at_operator("[") || stream_.at_operator("{");
  }
}

std::string ExpressionParser::parse_dotted_name() {
  std::string name = stream_.expect(TokenKind::kName, "name").text;
  while (stream_.skip_operator("."))
    name += "." + stream_.expect(TokenKind::kName, "name").text;
  return name;
}

ast::CallArguments ExpressionParser::parse_arguments() {
  Nested nested(*this);
  int line = stream_.line();
  stream_.expect_operator("(");
  ast::CallArguments arguments;
  bool first = true;
  while (!stream_.at_operator(")")) {
    if (!first) {
      stream_.expect_operator(",");
      if (stream_.at_operator(")"))
        break;
    }
    parse_argument(arguments, line);
    first = false;
  }
  stream_.expect_operator(")");
  return arguments;
}

void ExpressionParser::parse_argument(ast::CallArguments& arguments, int line) {
  auto require = [&](bool valid) {
    if (!valid)
      throw TemplateError("invalid syntax for function call expression", line);
  };
  if (stream_.skip_operator("*")) {
    require(!arguments.star && !arguments.double_star);
    arguments.star = parse_expression();
  } else if (stream_.skip_operator("**")) {
    require(!arguments.double_star);
    arguments.double_star = parse_expression();
  } else if (stream_.at(TokenKind::kName) && TokenStream::is_operator(stream_.ahead(), "=")) {
    require(!arguments.double_star);
    std::string name = stream_.next().text;
    require(std::ranges::none_of(arguments.named,
                                 [&](const auto& entry) { return entry.first == name; }));
    stream_.next();
    arguments.named.emplace_back(std::move(name), parse_expression());
  } else {
    require(!arguments.star && !arguments.double_star && arguments.named.empty());
    arguments.positional.push_back(parse_expression());
  }
}

}  // namespace ashlar::jinja
