// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/string_literal.h"

#include "models/formats/template/display.h"
#include "models/formats/template/template_error.h"
#include "models/formats/template/unicode.h"

namespace ashlar::jinja {

namespace {

class Decoder {
public:
  Decoder(std::string_view literal, int line) : literal_(literal), line_(line) {}

  std::string run() {
    while (at_ < literal_.size()) {
      if (literal_[at_] == '\\')
        decode_escape();
      else
        out_ += literal_[at_++];
    }
    return std::move(out_);
  }

private:
  void decode_escape() {
    constexpr std::string_view kLetters = "\\'\"abfnrtv";
    constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    ++at_;
    char c = literal_[at_];
    if (auto index = kLetters.find(c); index != std::string_view::npos) {
      out_ += kMeanings[index];
      ++at_;
    } else if (c == '\n') {
      ++at_;
    } else if (c >= '0' && c <= '7') {
      append(decode_digits(3, 8, false));
    } else if (c == 'x' || c == 'u' || c == 'U') {
      ++at_;
      append(decode_digits(c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, true));
    } else if (c == 'N') {
      throw Unsupported("template", "line {}: the string escape \\N is not implemented", line_);
    } else {
      keep_unknown();
    }
  }

  // Python reads the literal with everything outside ASCII already escaped, so a backslash before
  // such a character escapes the backslash of its escape.
  void keep_unknown() {
    std::size_t start = at_;
    out_ += '\\';
    char32_t c = next_code_point(literal_, at_);
    std::string_view bytes = literal_.substr(start, at_ - start);
    out_ += c < 0x80 ? std::string(bytes) : to_ascii(bytes).substr(1);
  }

  char32_t decode_digits(std::size_t count, int base, bool all_required) {
    std::size_t end = at_;
    while (end < literal_.size() && end - at_ < count && digit(literal_[end]) < base)
      ++end;
    if (all_required && end - at_ < count)
      throw TemplateError("truncated escape in a string literal", line_);
    std::uint64_t value = 0;
    for (; at_ < end; ++at_)
      value = value * static_cast<std::uint64_t>(base) +
              static_cast<std::uint64_t>(digit(literal_[at_]));
    if (value > 0x10FFFF)
      throw TemplateError("illegal Unicode character in a string literal", line_);
    return static_cast<char32_t>(value);
  }

  static int digit(char c) {
    if (c >= '0' && c <= '9')
      return c - '0';
    if (c >= 'a' && c <= 'f')
      return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
  }

  void append(char32_t c) {
    if (c >= 0xD800 && c < 0xE000)
      throw Unsupported("template", "line {}: half a surrogate pair in a string literal", line_);
    append_code_point(out_, c);
  }

  std::string_view literal_;
  int line_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string decode_string_literal(std::string_view literal, int line) {
  return Decoder(literal, line).run();
}

}  // namespace ashlar::jinja
