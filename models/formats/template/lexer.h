// SPDX-License-Identifier: Apache-2.0
// Cuts template source into tokens, with the whitespace rules of chat templates: trim_blocks and
// lstrip_blocks on, one final newline dropped, every line end a "\n".
#pragma once

#include "models/formats/template/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace ashlar::jinja {

enum class TokenKind {
  kData,
  kVariableBegin,
  kVariableEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kOperator,
  kEnd,
};

struct Token {
  TokenKind kind;
  int line;
  // The name, operator, decoded string or data; the digits of a number.
  std::string text;
};

// Fails with TemplateError. The last token is kEnd.
std::vector<Token> tokenize(std::string_view source);

// How an error message names the token.
std::string describe(const Token& token);

}  // namespace ashlar::jinja
