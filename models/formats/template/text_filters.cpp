// SPDX-License-Identifier: Apache-2.0
// Filters that rewrite text.
#include "models/formats/template/access.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/filters.h"
#include "models/formats/template/methods.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/percent_format.h"
#include "models/formats/template/signature.h"
#include "models/formats/template/text_builder.h"
#include "models/formats/template/text_functions.h"
#include "models/formats/template/unicode.h"

namespace ashlar::jinja {

namespace {

Value like(const Value& text, std::string bytes) {
  return Value::text(std::move(bytes), text.as_text().markup);
}

template <std::string (*convert)(std::string_view)>
Value converted(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("a text filter", {}, 0).bind(arguments);
  Value text = soft_text(operand);
  return like(text, convert(text.bytes()));
}

Value string(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("string", {}, 0).bind(arguments);
  return soft_text(operand);
}

Value trim(Evaluation&, const Value& operand, const Arguments& arguments) {
  const Value* characters = Signature("trim", {"chars"}, 0).bind(arguments)[0];
  std::optional<std::string_view> set;
  if (characters && !characters->is(Kind::kNone))
    set = require_text(*characters);
  Value text = soft_text(operand);
  return like(text, std::string(strip(text.bytes(), set, Side::kBoth)));
}

Value center(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  const Value* width = Signature("center", {"width"}, 0).bind(arguments)[0];
  Arguments forwarded{{Value::integer(integer_or(width, 80))}, {}};
  return find_text_method("center")(evaluation, soft_text(operand), forwarded);
}

Value replaced(Evaluation&, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("replace", {"old", "new", "count"}, 2).bind(arguments);
  bool unlimited = !bound[2] || bound[2]->is(Kind::kNone);
  return Value::text(replace(to_text(operand), to_text(*bound[0]), to_text(*bound[1]),
                             unlimited ? -1 : require_index(*bound[2])));
}

// Upper case after every run of word separators, lower case elsewhere.
Value title(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("title", {}, 0).bind(arguments);
  Value text = soft_text(operand);
  auto separates = [](char32_t c) {
    return is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  };
  TextBuilder out;
  const std::string& bytes = text.bytes();
  for (std::size_t position = 0; position < bytes.size();) {
    std::size_t start = position;
    bool separator = separates(next_code_point(bytes, position));
    std::size_t first_end = position;
    while (position < bytes.size()) {
      std::size_t next = position;
      if (separates(next_code_point(bytes, next)) != separator)
        break;
      position = next;
    }
    std::string_view piece = std::string_view(bytes).substr(start, position - start);
    out.append(to_upper(piece.substr(0, first_end - start)));
    out.append(to_lower(piece.substr(first_end - start)));
  }
  return Value::text(out.take());
}

std::string indentation(const Value* width) {
  if (width && width->is(Kind::kText))
    return width->bytes();
  std::int64_t count = integer_or(width, 4);
  return TextBuilder()
      .append(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)), " ")
      .take();
}

Value indent(Evaluation&, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("indent", {"width", "first", "blank"}, 0).bind(arguments);
  require_text(operand);
  std::string indent = indentation(bound[0]);
  bool blank = truth_or(bound[2], false);
  TextBuilder out;
  if (truth_or(bound[1], false))
    out.append(indent);
  std::string text = operand.bytes() + "\n";  // so that a final line end counts as an empty line
  bool first = true;
  for (std::string_view line : split_lines(text, false)) {
    if (!first)
      out.append("\n").append(blank || !line.empty() ? indent : "");
    out.append(line);
    first = false;
  }
  return like(operand, out.take());
}

Value truncate(Evaluation&, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("truncate", {"length", "killwords", "end", "leeway"}, 0).bind(arguments);
  std::int64_t limit = integer_or(bound[0], 255);
  Value end = bound[2] ? *bound[2] : Value::text("...");
  std::int64_t end_length = length(end);
  bool default_leeway = !bound[3] || bound[3]->is(Kind::kNone);
  std::int64_t leeway = default_leeway ? 5 : require_index(*bound[3]);
  if (limit < end_length)
    fail("expected length >= {}, got {}", end_length, limit);
  if (leeway < 0)
    fail("expected leeway >= 0, got {}", leeway);
  std::int64_t size = length(operand);
  if (size <= limit || size - limit <= leeway)
    return operand;
  require_text(operand);
  require_text(end);
  Value kept = slice(operand, Value::none(), Value::integer(limit - end_length), Value::none());
  if (!truth_or(bound[1], false))
    kept = like(kept, std::string(split(kept.bytes(), " ", 1, true)[0]));
  return apply(BinaryOperator::kAdd, kept, end);
}

Value wordcount(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("wordcount", {}, 0).bind(arguments);
  std::string text = to_text(operand);
  std::int64_t count = 0;
  bool inside = false;
  for (std::size_t position = 0; position < text.size();) {
    bool word = is_word(next_code_point(text, position));
    count += word && !inside ? 1 : 0;
    inside = word;
  }
  return Value::integer(count);
}

Value format(Evaluation&, const Value& operand, const Arguments& arguments) {
  if (!arguments.positional.empty() && !arguments.named.empty())
    fail("can't handle positional and keyword arguments at the same time");
  Value text = soft_text(operand);
  if (arguments.named.empty())
    return percent_format(text, Value::tuple(arguments.positional));
  Dict named;
  for (const auto& [name, value] : arguments.named)
    named.set(name, value);
  return percent_format(text, Value::dict(std::move(named)));
}

constexpr FilterEntry kTextFilters[] = {
    {"capitalize", converted<to_capitalized>},
    {"center", center},
    {"format", format},
    {"indent", indent},
    {"lower", converted<to_lower>},
    {"replace", replaced},
    {"string", string},
    {"title", title},
    {"trim", trim},
    {"truncate", truncate},
    {"upper", converted<to_upper>},
    {"wordcount", wordcount},
};

}  // namespace

std::span<const FilterEntry> text_filters() {
  return kTextFilters;
}

}  // namespace ashlar::jinja
