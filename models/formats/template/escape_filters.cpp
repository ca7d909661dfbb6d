// SPDX-License-Identifier: Apache-2.0
// Filters that write values for other languages: HTML, URLs and JSON.
#include "models/formats/template/access.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/filters.h"
#include "models/formats/template/json_text.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/signature.h"
#include "models/formats/template/text_builder.h"
#include "models/formats/template/text_functions.h"

#include <algorithm>
#include <cctype>

namespace ashlar::jinja {

namespace {

Value escaped(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("escape", {}, 0).bind(arguments);
  return escape(operand);
}

Value force_escaped(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("forceescape", {}, 0).bind(arguments);
  return Value::text(escape_html(to_text(operand)), true);
}

Value safe(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("safe", {}, 0).bind(arguments);
  return Value::text(to_text(operand), true);
}

// Removes every part from `open` to the next `close`.
std::string remove_between(std::string text, std::string_view open, std::string_view close) {
  TextBuilder out;
  std::size_t position = 0;
  while (true) {
    std::size_t start = text.find(open, position);
    std::size_t end =
        start == std::string::npos ? start : text.find(close, start + (open.size() == 1 ? 1 : 0));
    if (end == std::string::npos)
      return out.append(std::string_view(text).substr(position)).take();
    out.append(std::string_view(text).substr(position, start - position));
    position = end + close.size();
  }
}

Value striptags(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("striptags", {}, 0).bind(arguments);
  std::string text = remove_between(to_text(operand), "<!--", "-->");
  text = remove_between(std::move(text), "<", ">");
  if (text.find('&') != std::string::npos)
    lack("the filter 'striptags' for text with HTML entities");
  TextBuilder out;
  std::string_view separator;
  for (std::string_view word : split_whitespace(text, -1, false)) {
    out.append(separator).append(word);
    separator = " ";
  }
  return Value::text(out.take());
}

std::string url_quote(const Value& value, bool for_query) {
  TextBuilder out;
  for (char c : to_text(value)) {
    auto byte = static_cast<unsigned char>(c);
    bool kept = (byte < 0x80 && std::isalnum(byte)) || c == '_' || c == '.' || c == '-' ||
                c == '~' || (c == '/' && !for_query);
    if (kept)
      out.append(std::string_view(&c, 1));
    else if (c == ' ' && for_query)
      out.append("+");
    else
      out.append(fmt::format("%{:02X}", byte));
  }
  return out.take();
}

Value urlencode(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  Signature("urlencode", {}, 0).bind(arguments);
  if (operand.is(Kind::kText) || !try_iterate(operand))
    return Value::text(url_quote(operand, false));
  Value pairs = operand.is(Kind::kDict) ? evaluation.filter("items", operand, {}) : operand;
  TextBuilder out;
  Cursor next = iterate(pairs);
  std::string_view separator;
  while (std::optional<Value> pair = next()) {
    std::vector<Value> parts = collect(*pair);
    if (parts.size() != 2)
      fail("urlencode expects pairs: expected 2 values, got {}", parts.size());
    out.append(separator).append(url_quote(parts[0], true)).append("=");
    out.append(url_quote(parts[1], true));
    separator = "&";
  }
  return Value::text(out.take());
}

Value xmlattr(Evaluation&, const Value& operand, const Arguments& arguments) {
  const Value* autospace = Signature("xmlattr", {"autospace"}, 0).bind(arguments)[0];
  if (operand.is(Kind::kUndefined))
    fail("{}", operand.undefined_message());
  if (!operand.is(Kind::kDict))
    fail("xmlattr expects a mapping, got a value of type '{}'", type_name(operand));
  TextBuilder out;
  for (const auto& [key, value] : operand.as_dict().entries()) {
    if (value.is(Kind::kNone) || value.is(Kind::kUndefined))
      continue;
    if (require_text(key).find_first_of(" \t\n\r\f\v/>=") != std::string_view::npos)
      fail("Invalid character in attribute name: {}", repr(key));
    if (!out.view().empty() || truth_or(autospace, true))
      out.append(" ");
    out.append(escape(key).bytes()).append("=\"").append(escape(value).bytes()).append("\"");
  }
  return Value::text(out.take());
}

std::optional<std::string> json_indent(const Value* indent) {
  if (!indent || indent->is(Kind::kNone))
    return std::nullopt;
  if (indent->is(Kind::kText))
    return indent->bytes();
  std::int64_t width = std::max<std::int64_t>(require_index(*indent), 0);
  return TextBuilder().append(static_cast<std::size_t>(width), " ").take();
}

Value tojson(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  Signature signature("tojson", {"ensure_ascii", "indent", "separators", "sort_keys"}, 0);
  auto bound = signature.bind(arguments);
  JsonStyle style;
  style.ascii_only = truth_or(bound[0], false);
  style.indent = json_indent(bound[1]);
  style.sort_keys = truth_or(bound[3], false);
  if (style.indent)
    style.item_separator = ",";
  if (bound[2] && !bound[2]->is(Kind::kNone)) {
    std::vector<Value> separators = collect(*bound[2]);
    if (separators.size() != 2)
      fail("tojson expects two separators, got {}", separators.size());
    style.item_separator = require_text(separators[0]);
    style.key_separator = require_text(separators[1]);
  }
  evaluation.spend(operand.extent().weight);
  return Value::text(to_json(operand, style));
}

constexpr FilterEntry kEscapeFilters[] = {
    {"e", escaped},           {"escape", escaped},      {"forceescape", force_escaped},
    {"safe", safe},           {"striptags", striptags}, {"tojson", tojson},
    {"urlencode", urlencode}, {"xmlattr", xmlattr},
};

}  // namespace

std::span<const FilterEntry> escape_filters() {
  return kEscapeFilters;
}

}  // namespace ashlar::jinja
