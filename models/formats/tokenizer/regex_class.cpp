// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/regex_class.h"

#include "models/formats/tokenizer/regex_property.h"
#include "models/formats/tokenizer/utf8.h"

#include <fmt/format.h>

#include <vector>

namespace ashlar::tokenizer {
namespace {

constexpr std::string_view kNothing = "(?!)";
constexpr char32_t kMaxCodePoint = 0x10FFFF;

bool is_octal_digit(char c) {
  return c >= '0' && c <= '7';
}

char32_t take_hex(RegexCursor& in, int min_digits, int max_digits) {
  char32_t value = 0;
  int digits = 0;
  for (; digits < max_digits && hex_digit(in.peek()) >= 0; ++digits)
    value = value * 16 + static_cast<char32_t>(hex_digit(in.take()));
  if (digits < min_digits || value > kMaxCodePoint || (value >= 0xD800 && value <= 0xDFFF))
    in.malformed("not a code point");
  return value;
}

// A code point given by a single byte of UTF-8 would need its neighbours to mean anything.
char32_t take_ascii(RegexCursor& in, char32_t value) {
  if (value >= 0x80)
    in.unsupported("escapes for single bytes above 0x7f are");
  return value;
}

char32_t take_octal(RegexCursor& in) {
  char32_t value = 0;
  for (int digits = 0; digits < 3 && is_octal_digit(in.peek()); ++digits)
    value = value * 8 + static_cast<char32_t>(in.take() - '0');
  return take_ascii(in, value);
}

ClassEscape take_property(RegexCursor& in) {
  ClassEscape result;
  result.negated = in.take() == 'P';
  in.take();
  std::string_view name = in.take_until('}');
  if (name.starts_with('^')) {
    name.remove_prefix(1);
    result.negated = !result.negated;
  }
  auto items = property_items(name);
  if (!items)
    in.unsupported(fmt::format("the character property {{{}}} is", name));
  result.items = std::move(*items);
  return result;
}

// One operand of `&&`: a union of class items and of expressions that match one character.
struct ClassUnion {
  std::string items;
  std::vector<std::string> expressions;

  std::string expression() const {
    if (expressions.empty())
      return items.empty() ? std::string(kNothing) : "[" + items + "]";
    std::string result = "(?:";
    if (!items.empty())
      result += "[" + items + "]|";
    return result + fmt::format("{})", fmt::join(expressions, "|"));
  }
};

class ClassTranslator {
public:
  explicit ClassTranslator(RegexCursor& in) : in_(in) {}

  std::string run() {
    const RegexCursor::Nesting nesting(in_);
    negated_ = in_.accept("^");
    const auto begin = in_.position();
    while (!at_closing_bracket(begin)) {
      if (in_.accept("&&"))
        operands_.emplace_back();
      else
        member();
    }
    if (in_.position() == begin)
      in_.malformed("empty character class");
    in_.take();
    return result();
  }

private:
  // A bracket in the first place is an ordinary character if another one follows.
  bool at_closing_bracket(std::size_t begin) {
    if (in_.at_end())
      in_.malformed("unmatched [");
    if (in_.peek() != ']')
      return false;
    if (in_.position() != begin)
      return true;
    in_.take();
    const bool is_literal = has_closing_bracket();
    in_.rewind(begin);
    return !is_literal;
  }

  bool has_closing_bracket() {
    while (!in_.at_end()) {
      if (in_.peek() == ']')
        return true;
      if (in_.take() == '\\' && !in_.at_end())
        in_.take();
    }
    return false;
  }

  void member() {
    if (in_.accept("[:") && posix_bracket())
      return;
    if (in_.accept("["))
      operands_.back().expressions.push_back(ClassTranslator(in_).run());
    else
      single_or_range();
  }

  bool posix_bracket() {
    const auto begin = in_.position();
    const bool negated = in_.accept("^");
    const auto name_begin = in_.position();
    while (in_.peek() >= 'a' && in_.peek() <= 'z')
      in_.take();
    const auto length = in_.position() - name_begin;
    if (in_.accept(":]")) {
      in_.rewind(name_begin);
      const auto items = posix_bracket_items(in_.take_text(length));
      if (!items)
        in_.unsupported("this POSIX bracket is");
      in_.accept(":]");
      add({*items, negated});
      return true;
    }
    in_.rewind(begin - 2);
    return false;
  }

  void single_or_range() {
    if (in_.peek() == '\\') {
      in_.take();
      if (auto escape = take_class_escape(in_)) {
        add(*escape);
        return;
      }
      in_.rewind(in_.position() - 1);
    }
    const char32_t low = code_point();
    std::string& items = operands_.back().items;
    items += format_code_point(low);
    if (in_.peek() != '-' || in_.peek(1) == ']' || in_.peek(1) == '\0')
      return;
    in_.take();
    const char32_t high = range_end();
    if (high < low)
      in_.malformed("empty range in a character class");
    items += '-' + format_code_point(high);
  }

  char32_t range_end() {
    const auto begin = in_.position();
    if (in_.peek() == '[' || (in_.accept("\\") && take_class_escape(in_)))
      in_.malformed("a class at the end of a range");
    in_.rewind(begin);
    return code_point();
  }

  char32_t code_point() {
    if (in_.accept("\\"))
      return in_.accept("b") ? U'\b' : take_escaped_code_point(in_);
    std::size_t offset = 0;
    return next_code_point(in_.take_character(), offset);
  }

  void add(const ClassEscape& escape) {
    if (escape.negated)
      operands_.back().expressions.push_back(escape.standalone());
    else
      operands_.back().items += escape.items;
  }

  std::string result() const {
    if (operands_.size() == 1 && operands_[0].expressions.empty() && !operands_[0].items.empty())
      return (negated_ ? "[^" : "[") + operands_[0].items + "]";
    std::string all = operands_.back().expression();
    for (std::size_t i = operands_.size() - 1; i-- > 0;)
      all = fmt::format("(?={}){}", operands_[i].expression(), all);
    return negated_ ? fmt::format("(?:(?!{})(?s:.))", all) : fmt::format("(?:{})", all);
  }

  RegexCursor& in_;
  bool negated_ = false;
  std::vector<ClassUnion> operands_{1};
};

}  // namespace

std::optional<ClassEscape> take_class_escape(RegexCursor& in) {
  const char letter = in.peek();
  if ((letter == 'p' || letter == 'P') && in.peek(1) == '{')
    return take_property(in);
  std::optional<ClassEscape> result;
  switch (letter) {
  case 's':
  case 'S':
    result = ClassEscape{std::string(kSpaceItems), letter == 'S'};
    break;
  case 'w':
  case 'W':
    result = ClassEscape{std::string(kWordItems), letter == 'W'};
    break;
  case 'h':
  case 'H':
    result = ClassEscape{std::string(kHexDigitItems), letter == 'H'};
    break;
  case 'd':
  case 'D':
    result = ClassEscape{R"(\p{Nd})", letter == 'D'};
    break;
  default:
    return std::nullopt;
  }
  in.take();
  return result;
}

char32_t take_escaped_code_point(RegexCursor& in) {
  if (is_octal_digit(in.peek()))
    return take_octal(in);
  std::size_t offset = 0;
  const char32_t character = next_code_point(in.take_character(), offset);
  switch (character) {
  case 'a':
    return U'\a';
  case 'e':
    return U'\x1B';
  case 'f':
    return U'\f';
  case 'n':
    return U'\n';
  case 'r':
    return U'\r';
  case 't':
    return U'\t';
  case 'v':
    return U'\v';
  case 'u':
    return take_hex(in, 4, 4);
  case 'x': {
    if (!in.accept("{"))
      return take_ascii(in, take_hex(in, 1, 2));
    const char32_t value = take_hex(in, 1, 8);
    if (!in.accept("}"))
      in.malformed("unmatched {");
    return value;
  }
  case 'c':
  case 'C':
  case 'M':
    in.unsupported("control and meta escapes are");
  default:
    return character;
  }
}

std::string format_code_point(char32_t code_point) {
  return fmt::format("\\x{{{:x}}}", static_cast<std::uint32_t>(code_point));
}

std::string translate_class(RegexCursor& in) {
  return ClassTranslator(in).run();
}

}  // namespace ashlar::tokenizer
