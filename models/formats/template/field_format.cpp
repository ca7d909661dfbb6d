// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/field_format.h"

#include "models/formats/template/access.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/format_spec.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/text_builder.h"

#include <algorithm>
#include <charconv>

namespace ashlar::jinja {

namespace {

constexpr int kMaxSpecNesting = 2;

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t to_number(std::string_view digits) {
  std::int64_t value = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc())
    fail("Too many decimal digits in format string");
  return value;
}

struct Field {
  std::string_view name;
  char conversion;  // 0 for none
  std::string_view spec;
};

class FieldFormatter {
public:
  FieldFormatter(Evaluation& evaluation, bool markup, const Arguments& arguments,
                 const Value* mapping)
      : evaluation_(evaluation), markup_(markup), arguments_(arguments), mapping_(mapping) {}

  std::string format(std::string_view text, int nesting = 0) {
    if (nesting > kMaxSpecNesting)
      fail("Max string recursion exceeded");
    TextBuilder out;
    while (!text.empty()) {
      std::size_t brace = std::min(text.find_first_of("{}"), text.size());
      out.append(text.substr(0, brace));
      text.remove_prefix(brace);
      if (text.size() >= 2 && text[0] == text[1]) {
        out.append(text.substr(0, 1));
        text.remove_prefix(2);
      } else if (!text.empty()) {
        if (text.size() == 1 || text[0] == '}')
          fail("Single '{}' encountered in format string", text[0]);
        std::size_t size = field_size(text);
        out.append(replace(parse_field(text.substr(1, size - 2)), nesting));
        text.remove_prefix(size);
      }
    }
    return out.take();
  }

private:
  // The size of the replacement field at the start of `text`, with its braces.
  static std::size_t field_size(std::string_view text) {
    int open = 0;
    bool in_brackets = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      char c = text[i];
      if (in_brackets)
        in_brackets = c != ']';
      else if (c == '[' && open == 1)
        in_brackets = true;
      else if (c == '{')
        ++open;
      else if (c == '}' && --open == 0)
        return i + 1;
    }
    fail("expected '}}' before end of string");
  }

  static Field parse_field(std::string_view text) {
    std::size_t end = 0;
    for (bool in_brackets = false; end < text.size(); ++end) {
      if (text[end] == '{')
        fail("unexpected '{{' in field name");
      if (in_brackets)
        in_brackets = text[end] != ']';
      else if (text[end] == '[')
        in_brackets = true;
      else if (text[end] == '!' || text[end] == ':')
        break;
    }
    Field field{text.substr(0, end), 0, ""};
    text.remove_prefix(end);
    if (!text.empty() && text[0] == '!') {
      if (text.size() < 2)
        fail("end of string while looking for conversion specifier");
      if (text.size() > 2 && text[2] != ':')
        fail("expected ':' after conversion specifier");
      field.conversion = text[1];
      text.remove_prefix(2);
    }
    if (!text.empty())
      field.spec = text.substr(1);
    return field;
  }

  std::string replace(const Field& field, int nesting) {
    Value value = convert(look_up(field.name), field.conversion);
    std::string spec = format(field.spec, nesting + 1);
    if (!markup_)
      return format_value(value, spec);
    bool safe = value.is(Kind::kText) && value.as_text().markup;
    if (safe && !spec.empty())
      fail("Unsupported format specification for Markup.");
    return safe ? value.bytes() : escape_html(format_value(value, spec));
  }

  static Value convert(Value value, char conversion) {
    switch (conversion) {
    case 0:
      return value;
    case 's':
      return Value::text(to_text(value));
    case 'r':
      return Value::text(repr(value));
    case 'a':
      return Value::text(to_ascii(repr(value)));
    default:
      fail("Unknown conversion specifier {}", conversion);
    }
  }

  Value look_up(std::string_view name) {
    std::size_t first_end = std::min(name.find_first_of(".["), name.size());
    std::string_view first = name.substr(0, first_end);
    Value value = first_value(name.empty() ? "" : first, name.empty());
    std::string_view rest = name.substr(first_end);
    while (!rest.empty())
      value = step(value, rest);
    return value;
  }

  Value first_value(std::string_view name, bool automatic) {
    if (!automatic && !is_number(name))
      return named_value(name);
    if (automatic ? manual_ : next_automatic_ > 0)
      fail("cannot mix automatic field numbering and manual field specification");
    manual_ = !automatic;
    auto index = automatic ? next_automatic_++ : to_number(name);
    if (index >= static_cast<std::int64_t>(arguments_.positional.size()))
      fail("Replacement index {} out of range for positional args tuple", index);
    return arguments_.positional[static_cast<std::size_t>(index)];
  }

  Value named_value(std::string_view name) const {
    if (mapping_) {
      if (std::optional<Value> found = subscript(*mapping_, Value::text(std::string(name))))
        return *found;
    } else if (const Value* argument = arguments_.find_named(name)) {
      return *argument;
    }
    fail("no argument '{}' to format", name);
  }

  // Follows one `.attribute` or `[key]` at the start of `rest`, and removes it.
  Value step(const Value& value, std::string_view& rest) {
    if (rest[0] == '.') {
      std::size_t end = std::min(rest.find_first_of(".[", 1), rest.size());
      std::string_view name = rest.substr(1, end - 1);
      rest.remove_prefix(end);
      if (name.empty())
        fail("Empty attribute in format string");
      return evaluation_.attribute(value, name);
    }
    if (rest[0] != '[')
      fail("Only '.' or '[' may follow ']' in format field specifier");
    std::size_t end = rest.find(']');
    if (end == std::string_view::npos)
      fail("Missing ']' in format string");
    std::string_view key = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (key.empty())
      fail("Empty attribute in format string");
    return evaluation_.item(value, is_number(key) ? Value::integer(to_number(key))
                                                  : Value::text(std::string(key)));
  }

  Evaluation& evaluation_;
  bool markup_;
  const Arguments& arguments_;
  const Value* mapping_;
  std::int64_t next_automatic_ = 0;
  bool manual_ = false;
};

}  // namespace

Value format_fields(Evaluation& evaluation, const Value& format, const Arguments& arguments,
                    const Value* mapping) {
  bool markup = format.as_text().markup;
  FieldFormatter formatter(evaluation, markup, arguments, mapping);
  return Value::text(formatter.format(format.bytes()), markup);
}

}  // namespace ashlar::jinja
