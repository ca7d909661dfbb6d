// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/display.h"

#include "models/formats/template/failure.h"
#include "models/formats/template/text_builder.h"
#include "models/formats/template/unicode.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace ashlar::jinja {

namespace {

std::string escape_sequence(char32_t c) {
  auto code = static_cast<std::uint32_t>(c);
  if (code <= 0xFF)
    return fmt::format("\\x{:02x}", code);
  return code <= 0xFFFF ? fmt::format("\\u{:04x}", code) : fmt::format("\\U{:08x}", code);
}

void append_quoted(TextBuilder& out, char32_t c, std::string_view bytes, char quote_mark) {
  if (c == static_cast<char32_t>(quote_mark) || c == '\\')
    out.append("\\").append(bytes);
  else if (c == '\n')
    out.append("\\n");
  else if (c == '\r')
    out.append("\\r");
  else if (c == '\t')
    out.append("\\t");
  else if (is_printable(c))
    out.append(bytes);
  else
    out.append(escape_sequence(c));
}

class Representation {
public:
  void append(const Value& value) {
    switch (value.kind()) {
    case Kind::kUndefined:
      out_.append("Undefined");
      break;
    case Kind::kText:
      append_text(value.as_text());
      break;
    case Kind::kList:
      append_items(value.items(), "[", "]");
      break;
    case Kind::kTuple:
      append_items(value.items(), "(", value.items().size() == 1 ? ",)" : ")");
      break;
    case Kind::kDict:
      append_dict(value.as_dict());
      break;
    case Kind::kObject:
      append_object(*value.as_object());
      break;
    default:
      out_.append(to_text(value));
    }
  }

  std::string take() { return out_.take(); }

private:
  void append_text(const Text& text) {
    if (text.markup)
      out_.append("Markup(").append(quote(text.bytes)).append(")");
    else
      out_.append(quote(text.bytes));
  }

  void append_items(const std::vector<Value>& items, std::string_view open,
                    std::string_view close) {
    out_.append(open);
    std::string_view separator;
    for (const Value& item : items) {
      out_.append(separator);
      append(item);
      separator = ", ";
    }
    out_.append(close);
  }

  void append_dict(const Dict& dict) {
    out_.append("{");
    std::string_view separator;
    for (const auto& [key, value] : dict.entries()) {
      out_.append(separator);
      append(key);
      out_.append(": ");
      append(value);
      separator = ", ";
    }
    out_.append("}");
  }

  void append_object(const Object& object) { out_.append(object.repr()); }

  TextBuilder out_;
};

}  // namespace

std::string to_text(const Value& value) {
  switch (value.kind()) {
  case Kind::kUndefined:
    return "";
  case Kind::kNone:
    return "None";
  case Kind::kBool:
    return value.as_bool() ? "True" : "False";
  case Kind::kInt:
    return std::to_string(value.as_int());
  case Kind::kFloat:
    return repr(value.as_real());
  case Kind::kText:
    return value.bytes();
  default:
    return repr(value);
  }
}

std::string repr(const Value& value) {
  Representation representation;
  representation.append(value);
  return representation.take();
}

std::string quote(std::string_view text) {
  bool double_quotes =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  std::string_view mark = double_quotes ? "\"" : "'";
  TextBuilder out;
  out.append(mark);
  for (std::size_t position = 0; position < text.size();) {
    std::size_t start = position;
    char32_t c = next_code_point(text, position);
    append_quoted(out, c, text.substr(start, position - start), mark[0]);
  }
  return out.append(mark).take();
}

std::string to_ascii(std::string_view text) {
  TextBuilder out;
  for (std::size_t position = 0; position < text.size();) {
    std::size_t start = position;
    char32_t c = next_code_point(text, position);
    if (c < 0x80)
      out.append(text.substr(start, 1));
    else
      out.append(escape_sequence(c));
  }
  return out.take();
}

std::string repr(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  std::array<char, 32> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                           std::chars_format::scientific)
                 .ptr;
  std::string_view scientific(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  std::size_t mark = scientific.find('e');
  int exponent = std::stoi(std::string(scientific.substr(mark + 1)));
  constexpr int kSmallestFixed = -4;
  constexpr int kLargestFixed = 15;
  if (exponent < kSmallestFixed || exponent > kLargestFixed)
    return std::string(scientific);
  std::array<char, 64> fixed;
  end =
      std::to_chars(fixed.data(), fixed.data() + fixed.size(), value, std::chars_format::fixed).ptr;
  std::string result(fixed.data(), end);
  return result.find('.') == std::string::npos ? result + ".0" : result;
}

}  // namespace ashlar::jinja
