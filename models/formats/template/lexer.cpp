// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/lexer.h"

#include "models/formats/template/string_literal.h"
#include "models/formats/template/template_error.h"
#include "models/formats/template/text_functions.h"
#include "models/formats/template/unicode.h"

#include <algorithm>
#include <array>

namespace ashlar::jinja {

namespace {

constexpr std::array<std::string_view, 6> kLongOperators = {"//", "**", "==", "!=", ">=", "<="};
constexpr std::string_view kShortOperators = "+-/*%~[](){}><=.:|,;";

std::string normalize(std::string_view source) {
  std::string result;
  result.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r')
      result += source[i];
    else if (i + 1 == source.size() || source[i + 1] != '\n')
      result += '\n';
  }
  if (!result.empty() && result.back() == '\n')
    result.pop_back();
  return result;
}

bool is_all_space(std::string_view text) {
  return strip(text, std::nullopt, Side::kBoth).empty();
}

bool is_digit_of(char c, int base) {
  if (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
    return true;
  return c >= '0' && c < '0' + std::min(base, 10);
}

class Lexer {
public:
  explicit Lexer(std::string_view source) : source_(normalize(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size())
      lex_data();
    emit(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

private:
  struct Tag {
    std::size_t start;
    char kind;     // '%', '#' or '{'
    char control;  // '-', '+' or 0
  };

  [[noreturn]] void fail_here(std::string_view message) const {
    throw TemplateError(message, line_);
  }

  void emit(TokenKind kind, std::string text) { tokens_.push_back({kind, line_, std::move(text)}); }

  bool looking_at(std::string_view text) const {
    return std::string_view(source_).substr(at_).starts_with(text);
  }

  // Moves over `size` bytes, counting lines.
  void advance(std::size_t size) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(at_ + size),
                                         '\n'));
    at_ += size;
    line_starting_ = source_[at_ - 1] == '\n';
  }

  std::size_t space_end(std::size_t from) const {
    while (from < source_.size()) {
      std::size_t next = from;
      if (!is_space(next_code_point(source_, next)))
        break;
      from = next;
    }
    return from;
  }

  Tag find_tag() const {
    std::size_t start = at_;
    while (true) {
      start = source_.find('{', start);
      if (start == std::string::npos || start + 1 >= source_.size())
        return {source_.size(), 0, 0};
      char kind = source_[start + 1];
      if (kind == '%' || kind == '#' || kind == '{') {
        char next = start + 2 < source_.size() ? source_[start + 2] : '\0';
        return {start, kind, next == '-' || next == '+' ? next : '\0'};
      }
      ++start;
    }
  }

  // The text before a tag, without the whitespace the tag takes away.
  std::string_view trim_before(std::string_view text, const Tag& tag) const {
    if (tag.control == '-')
      return strip(text, std::nullopt, Side::kRight);
    if (tag.control == '+' || tag.kind == '{')
      return text;
    std::size_t line = text.rfind('\n') + 1;
    if ((line > 0 || line_starting_) && is_all_space(text.substr(line)))
      return text.substr(0, line);
    return text;
  }

  void lex_data() {
    Tag tag = find_tag();
    std::string_view text = std::string_view(source_).substr(at_, tag.start - at_);
    if (tag.kind == 0) {
      emit(TokenKind::kData, std::string(text));
      advance(text.size());
      return;
    }
    std::string_view kept = trim_before(text, tag);
    if (!kept.empty())
      emit(TokenKind::kData, std::string(kept));
    if (!text.empty())
      advance(text.size());
    if (tag.kind == '%' && lex_raw(tag))
      return;
    advance(tag.control ? 3 : 2);
    if (tag.kind == '#')
      skip_comment();
    else
      lex_code(tag.kind == '%');
  }

  void skip_comment() {
    std::size_t end = source_.find("#}", at_);
    if (end == std::string::npos)
      fail_here("Missing end of comment tag");
    advance_past_end(end, '#');
  }

  // Moves behind the closing delimiter at `end`, whose control sign, if any, stands before it.
  void advance_past_end(std::size_t end, char kind) {
    char control = end > at_ ? source_[end - 1] : '\0';
    std::size_t behind = end + 2;
    if (control == '-')
      behind = space_end(behind);
    else if (control != '+' && kind != '}' && behind < source_.size() && source_[behind] == '\n')
      ++behind;
    advance(behind - at_);
  }

  // `{% raw %}` up to and with `{% endraw %}`, at which the lexer stands. False when it is another
  // tag.
  bool lex_raw(const Tag& tag) {
    std::size_t position = space_end(tag.start + (tag.control ? 3 : 2));
    if (source_.compare(position, 3, "raw") != 0)
      return false;
    position = space_end(position + 3);
    if (source_.compare(position, 3, "-%}") == 0)
      position = space_end(position + 3);
    else if (source_.compare(position, 2, "%}") == 0)
      position += 2;
    else
      return false;
    advance(position - at_);
    lex_raw_text();
    return true;
  }

  void lex_raw_text() {
    for (std::size_t start = source_.find("{%", at_); start != std::string::npos;
         start = source_.find("{%", start + 1)) {
      std::size_t position = start + 2;
      char control = position < source_.size() ? source_[position] : '\0';
      control = control == '-' || control == '+' ? control : '\0';
      position = space_end(position + (control ? 1 : 0));
      if (source_.compare(position, 6, "endraw") != 0)
        continue;
      position = space_end(position + 6);
      std::size_t sign =
          position < source_.size() && (source_[position] == '-' || source_[position] == '+') ? 1
                                                                                              : 0;
      if (source_.compare(position + sign, 2, "%}") != 0)
        continue;
      std::string_view text = std::string_view(source_).substr(at_, start - at_);
      std::string_view kept = trim_before(text, {start, '%', control});
      if (!kept.empty())
        emit(TokenKind::kData, std::string(kept));
      if (!text.empty())
        advance(text.size());
      advance_past_end(position + sign, '%');
      return;
    }
    fail_here("Missing end of raw directive");
  }

  void lex_code(bool block) {
    emit(block ? TokenKind::kBlockBegin : TokenKind::kVariableBegin, "");
    brackets_.clear();
    while (at_ < source_.size()) {
      if (brackets_.empty() && lex_code_end(block))
        return;
      lex_token();
    }
  }

  bool lex_code_end(bool block) {
    std::string_view end = block ? "%}" : "}}";
    std::size_t sign = looking_at("-") || (block && looking_at("+")) ? 1 : 0;
    if (source_.compare(at_ + sign, 2, end) != 0)
      return false;
    emit(block ? TokenKind::kBlockEnd : TokenKind::kVariableEnd, "");
    advance_past_end(at_ + sign, end[0]);
    return true;
  }

  void lex_token() {
    std::size_t position = at_;
    char32_t c = next_code_point(source_, position);
    if (is_space(c))
      advance(space_end(at_) - at_);
    else if (c >= '0' && c <= '9')
      lex_number();
    else if (is_word(c))
      lex_name();
    else if (c == '\'' || c == '"')
      lex_string(static_cast<char>(c));
    else
      lex_operator();
  }

  void lex_name() {
    std::size_t end = at_;
    while (end < source_.size()) {
      std::size_t next = end;
      if (!is_word(next_code_point(source_, next)))
        break;
      end = next;
    }
    std::string name = source_.substr(at_, end - at_);
    if (!is_identifier(name))
      fail_here("Invalid character in identifier");
    emit(TokenKind::kName, name);
    advance(name.size());
  }

  void lex_string(char mark) {
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != mark)
      end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size())
      fail_here(fmt::format("unexpected char {} at {}: the string has no end", mark, at_));
    std::string_view literal = std::string_view(source_).substr(at_ + 1, end - at_ - 1);
    emit(TokenKind::kString, decode_string_literal(literal, line_));
    advance(end + 1 - at_);
  }

  // The end of digits of `base` from `from` on; single underscores may stand between two of them.
  std::size_t digits_end(std::size_t from, int base) const {
    std::size_t end = from;
    while (end < source_.size()) {
      if (is_digit_of(source_[end], base))
        ++end;
      else if (source_[end] == '_' && end > from && end + 1 < source_.size() &&
               is_digit_of(source_[end + 1], base))
        end += 2;
      else
        break;
    }
    return end;
  }

  std::size_t float_end() const {
    if (at_ > 0 && source_[at_ - 1] == '.')
      return at_;
    std::size_t whole = digits_end(at_, 10);
    std::size_t end = whole;
    if (end < source_.size() && source_[end] == '.' && digits_end(end + 1, 10) > end + 1)
      end = digits_end(end + 1, 10);
    if (end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
      std::size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-'))
        ++exponent;
      if (digits_end(exponent, 10) > exponent)
        end = digits_end(exponent, 10);
    }
    return end == whole ? at_ : end;
  }

  std::size_t integer_end() const {
    if (source_[at_] != '0')
      return digits_end(at_, 10);
    char letter = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
    int base = letter == 'x' || letter == 'X'   ? 16
               : letter == 'o' || letter == 'O' ? 8
               : letter == 'b' || letter == 'B' ? 2
                                                : 0;
    if (base != 0) {
      std::size_t start = at_ + 2;
      if (start < source_.size() && source_[start] == '_')
        ++start;
      if (std::size_t end = digits_end(start, base); end > start)
        return end;
    }
    return digits_end(at_, 1);  // zeros
  }

  void lex_number() {
    std::size_t end = float_end();
    TokenKind kind = end > at_ ? TokenKind::kFloat : TokenKind::kInteger;
    if (kind == TokenKind::kInteger)
      end = integer_end();
    std::string digits = source_.substr(at_, end - at_);
    std::size_t size = digits.size();
    std::erase(digits, '_');
    emit(kind, std::move(digits));
    advance(size);
  }

  void lex_operator() {
    auto found =
        std::ranges::find_if(kLongOperators, [&](std::string_view op) { return looking_at(op); });
    std::string op(found != kLongOperators.end() ? *found
                                                 : std::string_view(source_).substr(at_, 1));
    if (op.size() == 1 && kShortOperators.find(op[0]) == std::string_view::npos)
      fail_here(fmt::format("unexpected char '{}' at {}",
                            std::string_view(source_).substr(at_, code_point_size()), at_));
    balance(op[0]);
    std::size_t size = op.size();
    emit(TokenKind::kOperator, std::move(op));
    advance(size);
  }

  std::size_t code_point_size() const {
    std::size_t end = at_;
    next_code_point(source_, end);
    return end - at_;
  }

  void balance(char op) {
    if (op == '(' || op == '[' || op == '{')
      brackets_ += op == '(' ? ')' : op == '[' ? ']' : '}';
    if (op != ')' && op != ']' && op != '}')
      return;
    if (brackets_.empty())
      fail_here(fmt::format("unexpected '{}'", op));
    if (brackets_.back() != op)
      fail_here(fmt::format("unexpected '{}', expected '{}'", op, brackets_.back()));
    brackets_.pop_back();
  }

  std::string source_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool line_starting_ = true;
  std::string brackets_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
  return Lexer(source).run();
}

std::string describe(const Token& token) {
  switch (token.kind) {
  case TokenKind::kData:
    return "template data / text";
  case TokenKind::kVariableBegin:
    return "begin of print statement";
  case TokenKind::kVariableEnd:
    return "end of print statement";
  case TokenKind::kBlockBegin:
    return "begin of statement block";
  case TokenKind::kBlockEnd:
    return "end of statement block";
  case TokenKind::kEnd:
    return "end of template";
  case TokenKind::kString:
    return "string";
  default:
    return token.text;
  }
}

}  // namespace ashlar::jinja
