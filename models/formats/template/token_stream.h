// SPDX-License-Identifier: Apache-2.0
// The parser's view of the tokens: one current token, one to look ahead.
#pragma once

#include "models/formats/template/lexer.h"
#include "models/formats/template/template_error.h"

#include <initializer_list>
#include <utility>

namespace ashlar::jinja {

class TokenStream {
public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& current() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  int line() const { return current().line; }

  bool at(TokenKind kind) const { return current().kind == kind; }
  bool at_name(std::string_view name) const { return is_name(current(), name); }
  bool at_operator(std::string_view op) const { return is_operator(current(), op); }
  bool at_any_name(std::initializer_list<std::string_view> names) const {
    for (std::string_view name : names) {
      if (at_name(name))
        return true;
    }
    return false;
  }

  // Returns the current token and moves on; stays at the end.
  const Token& next() {
    const Token& token = tokens_[at_];
    if (at_ + 1 < tokens_.size())
      ++at_;
    return token;
  }

  bool skip_name(std::string_view name) { return at_name(name) && (next(), true); }
  bool skip_operator(std::string_view op) { return at_operator(op) && (next(), true); }

  const Token& expect(TokenKind kind, std::string_view what) {
    if (!at(kind))
      fail_expected(what);
    return next();
  }
  void expect_name(std::string_view name) {
    if (!at_name(name))
      fail_expected(name);
    next();
  }
  void expect_operator(std::string_view op) {
    if (!at_operator(op))
      fail_expected(op);
    next();
  }

  static bool is_name(const Token& token, std::string_view name) {
    return token.kind == TokenKind::kName && token.text == name;
  }
  static bool is_operator(const Token& token, std::string_view op) {
    return token.kind == TokenKind::kOperator && token.text == op;
  }

private:
  [[noreturn]] void fail_expected(std::string_view what) const {
    throw TemplateError(fmt::format("expected '{}', got '{}'", what, describe(current())), line());
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace ashlar::jinja
