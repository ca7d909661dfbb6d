// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/json_text.h"

#include "models/formats/template/compare.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/limits.h"
#include "models/formats/template/text_builder.h"
#include "models/formats/template/unicode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>

namespace ashlar::jinja {

namespace {

std::string checked_text(const std::string& text) {
  if (find_invalid_utf8(text))
    fail("a string in the template's input is not valid UTF-8");
  return text;
}

Value convert(const nlohmann::ordered_json& json, int depth) {
  if (depth > kMaxTemplateValueDepth)
    fail("the template's input is nested more than {} levels deep", kMaxTemplateValueDepth);
  using Type = nlohmann::ordered_json::value_t;
  switch (json.type()) {
  case Type::null:
    return Value::none();
  case Type::boolean:
    return Value::boolean(json.get<bool>());
  case Type::number_integer:
    return Value::integer(json.get<std::int64_t>());
  case Type::number_unsigned: {
    auto number = json.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      lack("the number {} in the input, an integer of more than 64 bits,", number);
    return Value::integer(static_cast<std::int64_t>(number));
  }
  case Type::number_float:
    return Value::real(json.get<double>());
  case Type::string:
    return Value::text(checked_text(json.get_ref<const std::string&>()));
  case Type::array: {
    std::vector<Value> items;
    items.reserve(json.size());
    for (const nlohmann::ordered_json& item : json)
      items.push_back(convert(item, depth + 1));
    return Value::list(std::move(items));
  }
  case Type::object: {
    Dict dict;
    for (const auto& [key, value] : json.items())
      dict.set(checked_text(key), convert(value, depth + 1));
    return Value::dict(std::move(dict));
  }
  default:
    fail("the template's input holds a binary value");
  }
}

class JsonWriter {
public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  void write(const Value& value) {
    switch (value.kind()) {
    case Kind::kNone:
      out_.append("null");
      break;
    case Kind::kBool:
      out_.append(value.as_bool() ? "true" : "false");
      break;
    case Kind::kInt:
      out_.append(std::to_string(value.as_int()));
      break;
    case Kind::kFloat:
      out_.append(number(value.as_real()));
      break;
    case Kind::kText:
      write_text(value.bytes());
      break;
    case Kind::kList:
    case Kind::kTuple:
      write_items(value.items());
      break;
    case Kind::kDict:
      write_dict(value.as_dict());
      break;
    default:
      fail("Object of type {} is not JSON serializable", type_name(value));
    }
  }

  std::string take() { return out_.take(); }

private:
  static std::string number(double value) {
    if (std::isnan(value))
      return "NaN";
    if (std::isinf(value))
      return value < 0 ? "-Infinity" : "Infinity";
    return repr(value);
  }

  void write_text(std::string_view text) {
    out_.append("\"");
    for (std::size_t position = 0; position < text.size();) {
      std::size_t start = position;
      char32_t c = next_code_point(text, position);
      write_code_point(c, text.substr(start, position - start));
    }
    out_.append("\"");
  }

  void write_code_point(char32_t c, std::string_view bytes) {
    constexpr std::string_view kSpecial = "\"\\\n\r\t\f\b";
    constexpr std::string_view kLetters = "\"\\nrtfb";
    auto special = c < 0x80 ? kSpecial.find(static_cast<char>(c)) : std::string_view::npos;
    if (special != std::string_view::npos)
      out_.append("\\").append(kLetters.substr(special, 1));
    else if (c < 0x20 || (style_.ascii_only && c >= 0x80))
      write_escape(c);
    else
      out_.append(bytes);
  }

  void write_escape(char32_t c) {
    auto code = static_cast<std::uint32_t>(c);
    if (code >= 0x10000) {
      code -= 0x10000;
      out_.append(fmt::format("\\u{:04x}", 0xD800 | (code >> 10)));
      code = 0xDC00 | (code & 0x3FF);
    }
    out_.append(fmt::format("\\u{:04x}", code));
  }

  void write_items(const std::vector<Value>& items) {
    out_.append("[");
    ++depth_;
    std::string_view separator;
    for (const Value& item : items) {
      out_.append(separator);
      write_line_break();
      write(item);
      separator = style_.item_separator;
    }
    --depth_;
    if (!items.empty())
      write_line_break();
    out_.append("]");
  }

  void write_dict(const Dict& dict) {
    std::list<Dict::Entry> entries(dict.entries().begin(), dict.entries().end());
    if (style_.sort_keys)
      entries.sort(
          [](const Dict::Entry& a, const Dict::Entry& b) { return less(a.first, b.first); });
    out_.append("{");
    ++depth_;
    std::string_view separator;
    for (const auto& [key, value] : entries) {
      out_.append(separator);
      write_line_break();
      write_key(key);
      out_.append(style_.key_separator);
      write(value);
      separator = style_.item_separator;
    }
    --depth_;
    if (dict.size() != 0)
      write_line_break();
    out_.append("}");
  }

  void write_key(const Value& key) {
    switch (key.kind()) {
    case Kind::kText:
      write_text(key.bytes());
      break;
    case Kind::kFloat:
      write_text(number(key.as_real()));
      break;
    case Kind::kBool:
      write_text(key.as_bool() ? "true" : "false");
      break;
    case Kind::kNone:
      write_text("null");
      break;
    case Kind::kInt:
      write_text(std::to_string(key.as_int()));
      break;
    default:
      fail("keys must be str, int, float, bool or None, not {}", type_name(key));
    }
  }

  void write_line_break() {
    if (style_.indent)
      out_.append("\n").append(static_cast<std::size_t>(depth_), *style_.indent);
  }

  const JsonStyle& style_;
  int depth_ = 0;
  TextBuilder out_;
};

}  // namespace

Value from_json(const nlohmann::ordered_json& json) {
  return convert(json, 0);
}

std::string to_json(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  writer.write(value);
  return writer.take();
}

}  // namespace ashlar::jinja
