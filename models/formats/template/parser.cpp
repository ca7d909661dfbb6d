// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/parser.h"

#include "models/formats/template/expression_parser.h"
#include "models/formats/template/name_check.h"
#include "models/formats/template/scope_analysis.h"

#include <algorithm>
#include <array>

namespace ashlar::jinja {

namespace {

constexpr std::array<std::string_view, 6> kLackingStatements = {"extends", "include", "import",
                                                                "from",    "block",   "autoescape"};

class Parser {
public:
  Parser(std::string_view source, const TemplateLimits& limits)
      : stream_(tokenize(source)), expressions_(stream_, limits), nesting_limit_(limits.nesting) {}

  ast::Template parse() {
    ast::Template result{parse_until({}), {}};
    return result;
  }

private:
  using Ends = std::initializer_list<std::string_view>;

  // Statements and text up to a tag that starts with one of `ends`, whose name is then the current
  // token, or to the end of the template when there are none.
  ast::Body parse_until(Ends ends) {
    if (++nesting_ > nesting_limit_)
      throw TemplateError(
          fmt::format("statements are nested more than {} levels deep", nesting_limit_),
          stream_.line());
    ast::Body body;
    while (!stream_.at(TokenKind::kEnd)) {
      int line = stream_.line();
      if (!stream_.at(TokenKind::kBlockBegin)) {
        body.push_back({line, parse_output()});
        continue;
      }
      stream_.next();
      if (stream_.at_any_name(ends)) {
        --nesting_;
        return body;
      }
      body.push_back({line, parse_statement()});
      stream_.expect(TokenKind::kBlockEnd, "end of statement block");
    }
    if (ends.size() != 0)
      throw TemplateError(
          fmt::format("Unexpected end of template: the tag '{}' is missing", *(ends.end() - 1)),
          stream_.line());
    --nesting_;
    return body;
  }

  // The body of a statement; leaves its end tag's name as the current token.
  ast::Body parse_body(Ends ends) {
    stream_.skip_operator(":");
    stream_.expect(TokenKind::kBlockEnd, "end of statement block");
    return parse_until(ends);
  }

  ast::Body parse_closed_body(std::string_view end) {
    ast::Body body = parse_body({end});
    stream_.next();
    return body;
  }

  // A body that runs as a function of its own: no break reaches out of it.
  ast::Body parse_function_body(std::string_view end) {
    int outer_loops = std::exchange(loops_, 0);
    ast::Body body = parse_closed_body(end);
    loops_ = outer_loops;
    return body;
  }

  ast::Output parse_output() {
    ast::Output output;
    while (true) {
      if (stream_.at(TokenKind::kData)) {
        output.parts.emplace_back(stream_.next().text);
      } else if (stream_.at(TokenKind::kVariableBegin)) {
        stream_.next();
        output.parts.emplace_back(expressions_.parse_tuple());
        stream_.expect(TokenKind::kVariableEnd, "end of print statement");
      } else {
        return output;
      }
    }
  }

  ast::Statement::Node parse_statement() {
    Token tag = stream_.expect(TokenKind::kName, "tag name");
    const std::string& name = tag.text;
    if (name == "if")
      return parse_if();
    if (name == "for")
      return parse_for();
    if (name == "set")
      return parse_set();
    if (name == "macro")
      return parse_macro();
    if (name == "call")
      return parse_call_block(tag.line);
    if (name == "filter")
      return parse_filter_block();
    if (name == "with")
      return parse_with();
    if (name == "print")
      return parse_print();
    if (name == "generation")
      return ast::Generation{parse_function_body("endgeneration"), {}};
    if (name == "break" || name == "continue")
      return parse_jump(tag);
    if (std::ranges::find(kLackingStatements, name) != kLackingStatements.end())
      throw Unsupported("template", "line {}: the statement '{}' is not implemented", tag.line,
                        name);
    throw TemplateError(fmt::format("Encountered unknown tag '{}'", name), tag.line);
  }

  ast::If parse_if() {
    ast::If result;
    do {
      ast::ExpressionPtr test = expressions_.parse_tuple_without_condition();
      ast::Body body = parse_body({"elif", "else", "endif"});
      result.branches.emplace_back(std::move(test), std::move(body));
    } while (stream_.skip_name("elif"));
    if (stream_.next().text == "else")
      result.otherwise = parse_closed_body("endif");
    return result;
  }

  ast::For parse_for() {
    ast::For result{};
    ++loop_scopes_;
    result.target = parse_target("in", false);
    stream_.expect_name("in");
    result.iterable = expressions_.parse_tuple_without_condition("recursive");
    if (stream_.skip_name("if"))
      result.condition = expressions_.parse_expression();
    result.recursive = stream_.skip_name("recursive");
    ++loops_;
    result.body = parse_body({"endfor", "else"});
    --loops_;
    if (stream_.next().text == "else")
      result.otherwise = parse_closed_body("endfor");
    --loop_scopes_;
    return result;
  }

  ast::ExpressionPtr parse_target(std::string_view end_name, bool allow_namespace) {
    ast::ExpressionPtr target = expressions_.parse_target(end_name, allow_namespace);
    if (loop_scopes_ > 0 && assigns_loop(*target))
      throw TemplateError("Can't assign to the special variable 'loop' inside a loop",
                          target->line);
    return target;
  }

  static bool assigns_loop(const ast::Expression& target) {
    if (const auto* tuple = std::get_if<ast::TupleLiteral>(&target.node))
      return std::ranges::any_of(
          tuple->items, [](const ast::ExpressionPtr& item) { return assigns_loop(*item); });
    const auto* name = std::get_if<ast::Name>(&target.node);
    return name && name->name == "loop";
  }

  ast::Statement::Node parse_set() {
    ast::ExpressionPtr target = parse_target("", true);
    if (stream_.skip_operator("="))
      return ast::Set{std::move(target), expressions_.parse_tuple()};
    ast::ExpressionPtr filter = expressions_.parse_filters(nullptr, false);
    return ast::SetBlock{std::move(target), std::move(filter), parse_closed_body("endset"), {}};
  }

  ast::Macro parse_macro() {
    ast::Macro macro{};
    macro.name = expressions_.parse_target_name();
    macro.parameters = parse_parameters();
    macro.body = parse_function_body("endmacro");
    return macro;
  }

  std::vector<ast::Parameter> parse_parameters() {
    std::vector<ast::Parameter> parameters;
    stream_.expect_operator("(");
    while (!stream_.at_operator(")")) {
      if (!parameters.empty())
        stream_.expect_operator(",");
      int line = stream_.line();
      std::string name = expressions_.parse_target_name();
      if (std::ranges::any_of(parameters, [&](const auto& p) { return p.name == name; }))
        throw TemplateError(fmt::format("the parameter '{}' appears twice", name), line);
      ast::ExpressionPtr fallback;
      if (stream_.skip_operator("="))
        fallback = expressions_.parse_expression();
      else if (!parameters.empty() && parameters.back().fallback)
        throw TemplateError("non-default argument follows default argument", line);
      parameters.push_back({std::move(name), std::move(fallback)});
    }
    stream_.expect_operator(")");
    return parameters;
  }

  ast::CallBlock parse_call_block(int line) {
    ast::CallBlock block{};
    if (stream_.at_operator("("))
      block.caller.parameters = parse_parameters();
    block.call = expressions_.parse_expression();
    if (!std::holds_alternative<ast::Call>(block.call->node))
      throw TemplateError("expected call", line);
    block.caller.body = parse_function_body("endcall");
    return block;
  }

  ast::FilterBlock parse_filter_block() {
    ast::ExpressionPtr filter = expressions_.parse_filters(nullptr, true);
    return {std::move(filter), parse_closed_body("endfilter"), {}};
  }

  ast::With parse_with() {
    ast::With with;
    while (!stream_.at(TokenKind::kBlockEnd)) {
      if (!with.assignments.empty())
        stream_.expect_operator(",");
      ast::ExpressionPtr target = expressions_.parse_target("", false);
      stream_.expect_operator("=");
      with.assignments.emplace_back(std::move(target), expressions_.parse_expression());
    }
    with.body = parse_closed_body("endwith");
    return with;
  }

  ast::Output parse_print() {
    ast::Output output;
    while (!stream_.at(TokenKind::kBlockEnd)) {
      if (!output.parts.empty())
        stream_.expect_operator(",");
      output.parts.emplace_back(expressions_.parse_expression());
    }
    return output;
  }

  ast::Statement::Node parse_jump(const Token& tag) {
    if (loops_ == 0)
      throw TemplateError(fmt::format("'{}' outside of a loop", tag.text), tag.line);
    if (tag.text == "break")
      return ast::Break{};
    return ast::Continue{};
  }

  TokenStream stream_;
  ExpressionParser expressions_;
  int nesting_limit_;
  int nesting_ = 0;
  int loops_ = 0;        // that a break could leave
  int loop_scopes_ = 0;  // around the present statement, through macros
};

}  // namespace

ast::Template parse(std::string_view source, const TemplateLimits& limits) {
  if (source.size() > limits.source_bytes)
    throw TemplateError(fmt::format("the source has {} bytes: at most {} are accepted",
                                    source.size(), limits.source_bytes),
                        0);
  if (!source.empty() && source.find('\0') != std::string_view::npos)
    throw TemplateError("the source contains a zero byte", 0);
  ast::Template result = Parser(source, limits).parse();
  check_names(result);
  analyze_scopes(result);
  return result;
}

}  // namespace ashlar::jinja
