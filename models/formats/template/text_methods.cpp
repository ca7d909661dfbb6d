// SPDX-License-Identifier: Apache-2.0
// The methods of str.
#include "models/formats/template/access.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/field_format.h"
#include "models/formats/template/methods.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/signature.h"
#include "models/formats/template/text_builder.h"
#include "models/formats/template/text_functions.h"
#include "models/formats/template/unicode.h"

#include <algorithm>
#include <unordered_map>

namespace ashlar::jinja {

namespace {

// A text that is marked safe exactly when `self` is.
Value like(const Value& self, std::string text) {
  return Value::text(std::move(text), self.as_text().markup);
}

Value like(const Value& self, const std::vector<std::string_view>& pieces) {
  std::vector<Value> items;
  items.reserve(pieces.size());
  for (std::string_view piece : pieces)
    items.push_back(like(self, std::string(piece)));
  return Value::list(std::move(items));
}

// What a method adds to `self`: escaped when `self` is marked safe.
std::string added(const Value& self, const Value& text) {
  require_text(text);
  return self.as_text().markup ? escape(text).bytes() : text.bytes();
}

template <std::string (*convert)(std::string_view)>
Value converted(Evaluation&, const Value& self, const Arguments& arguments) {
  Signature("a string method", {}, 0).bind(arguments);
  return like(self, convert(self.bytes()));
}

template <bool (*predicate)(char32_t), bool of_empty>
Value all_are(Evaluation&, const Value& self, const Arguments& arguments) {
  Signature("a string method", {}, 0).bind(arguments);
  std::u32string text = to_utf32(self.bytes());
  return Value::boolean(text.empty() ? of_empty : std::ranges::all_of(text, predicate));
}

bool is_ascii_character(char32_t c) {
  return c < 0x80;
}

bool is_alphanumeric(char32_t c) {
  return is_alpha(c) || is_digit(c) || is_numeric(c);
}

// At least one character is `wanted`, and no cased one is not.
template <bool (*wanted)(char32_t)>
Value has_case(Evaluation&, const Value& self, const Arguments& arguments) {
  Signature("a string method", {}, 0).bind(arguments);
  bool found = false;
  for (char32_t c : to_utf32(self.bytes())) {
    if (wanted(c))
      found = true;
    else if (is_cased(c))
      return Value::boolean(false);
  }
  return Value::boolean(found);
}

Value is_title_text(Evaluation&, const Value& self, const Arguments& arguments) {
  Signature("istitle", {}, 0).bind(arguments);
  bool found = false;
  bool inside_word = false;
  for (char32_t c : to_utf32(self.bytes())) {
    bool starts = is_upper(c) || is_title(c);
    if ((starts && inside_word) || (is_lower(c) && !inside_word))
      return Value::boolean(false);
    inside_word = is_cased(c);
    found = found || inside_word;
  }
  return Value::boolean(found);
}

Value is_identifier_text(Evaluation&, const Value& self, const Arguments& arguments) {
  Signature("isidentifier", {}, 0).bind(arguments);
  return Value::boolean(is_identifier(self.bytes()));
}

template <Side side> Value stripped(Evaluation&, const Value& self, const Arguments& arguments) {
  const Value* characters = Signature("strip", {""}, 0).bind(arguments)[0];
  std::optional<std::string_view> set;
  if (characters && !characters->is(Kind::kNone))
    set = require_text(*characters);
  return like(self, std::string(strip(self.bytes(), set, side)));
}

template <bool from_right>
Value split_text(Evaluation&, const Value& self, const Arguments& arguments) {
  auto bound = Signature("split", {"sep", "maxsplit"}, 0).bind(arguments);
  std::int64_t limit = integer_or(bound[1], -1);
  if (!bound[0] || bound[0]->is(Kind::kNone))
    return like(self, split_whitespace(self.bytes(), limit, from_right));
  std::string_view separator = require_text(*bound[0]);
  if (separator.empty())
    fail("empty separator");
  return like(self, split(self.bytes(), separator, limit, from_right));
}

Value split_text_lines(Evaluation&, const Value& self, const Arguments& arguments) {
  const Value* keep_ends = Signature("splitlines", {"keepends"}, 0).bind(arguments)[0];
  return like(self, split_lines(self.bytes(), integer_or(keep_ends, 0) != 0));
}

template <bool from_right>
Value partition(Evaluation&, const Value& self, const Arguments& arguments) {
  const Value& argument = *Signature("partition", {""}, 1).bind(arguments)[0];
  std::string_view separator = require_text(argument);
  if (separator.empty())
    fail("empty separator");
  const std::string& text = self.bytes();
  std::size_t at = from_right ? text.rfind(separator) : text.find(separator);
  if (at == std::string::npos) {
    Value empty = like(self, std::string());
    Value whole = like(self, text);
    return from_right ? Value::tuple({empty, empty, whole}) : Value::tuple({whole, empty, empty});
  }
  return Value::tuple({like(self, text.substr(0, at)), like(self, std::string(separator)),
                       like(self, text.substr(at + separator.size()))});
}

Value replace_text(Evaluation&, const Value& self, const Arguments& arguments) {
  auto bound = Signature("replace", {"", "", "count"}, 2).bind(arguments);
  std::string replacement = added(self, *bound[1]);
  return like(
      self, replace(self.bytes(), require_text(*bound[0]), replacement, integer_or(bound[2], -1)));
}

Value join(Evaluation& evaluation, const Value& self, const Arguments& arguments) {
  const Value& iterable = *Signature("join", {""}, 1).bind(arguments)[0];
  TextBuilder out;
  Cursor next = iterate(iterable);
  for (std::size_t i = 0; std::optional<Value> item = next(); ++i) {
    evaluation.spend(1);
    if (!item->is(Kind::kText) && !self.as_text().markup)
      fail("sequence item {}: expected str instance, {} found", i, type_name(*item));
    if (i != 0)
      out.append(self.bytes());
    out.append(self.as_text().markup ? escape(*item).bytes() : item->bytes());
  }
  return like(self, out.take());
}

// The part of a text that optional start and end arguments select, as byte offsets.
struct Window {
  std::size_t begin;
  std::size_t end;
  // The start lies behind the end: not even the empty text is found there.
  bool beyond;

  Window(const Value& self, const Value* start, const Value* stop) {
    std::int64_t size = length(self);
    auto resolve = [&](const Value* bound, std::int64_t fallback) {
      if (!bound || bound->is(Kind::kNone))
        return fallback;
      std::int64_t at = require_index(*bound);
      return at < 0 ? std::max<std::int64_t>(at + size, 0) : at;
    };
    std::int64_t first = resolve(start, 0);
    std::int64_t last = std::min(resolve(stop, size), size);
    beyond = first > last;
    begin = offset_of(self.as_text(), static_cast<std::size_t>(first));
    end = offset_of(self.as_text(), static_cast<std::size_t>(last));
  }

  static std::size_t offset_of(const Text& text, std::size_t index) {
    return text.ascii ? std::min(index, text.bytes.size()) : byte_offset(text.bytes, index);
  }

  std::string_view of(const Value& self) const {
    return std::string_view(self.bytes()).substr(begin, end < begin ? 0 : end - begin);
  }
};

std::optional<std::int64_t> find_in(const Value& self, const Arguments& arguments,
                                    bool from_right) {
  auto bound = Signature("find", {"", "", ""}, 1).bind(arguments);
  std::string_view part = require_text(*bound[0]);
  Window window(self, bound[1], bound[2]);
  if (window.beyond)
    return std::nullopt;
  std::string_view text = window.of(self);
  std::size_t at = from_right ? text.rfind(part) : text.find(part);
  if (at == std::string_view::npos)
    return std::nullopt;
  std::string_view before = std::string_view(self.bytes()).substr(0, window.begin + at);
  return static_cast<std::int64_t>(count_code_points(before));
}

template <bool from_right> Value find(Evaluation&, const Value& self, const Arguments& arguments) {
  return Value::integer(find_in(self, arguments, from_right).value_or(-1));
}

template <bool from_right> Value index(Evaluation&, const Value& self, const Arguments& arguments) {
  if (std::optional<std::int64_t> at = find_in(self, arguments, from_right))
    return Value::integer(*at);
  fail("substring not found");
}

Value count(Evaluation&, const Value& self, const Arguments& arguments) {
  auto bound = Signature("count", {"", "", ""}, 1).bind(arguments);
  std::string_view part = require_text(*bound[0]);
  Window window(self, bound[1], bound[2]);
  std::size_t found = window.beyond ? 0 : count_occurrences(window.of(self), part);
  return Value::integer(static_cast<std::int64_t>(found));
}

template <bool at_end> Value has_affix(Evaluation&, const Value& self, const Arguments& arguments) {
  auto bound = Signature("startswith", {"", "", ""}, 1).bind(arguments);
  Window window(self, bound[1], bound[2]);
  std::string_view text = window.of(self);
  auto matches = [&](const Value& affix) {
    std::string_view part = require_text(affix);
    return !window.beyond && (at_end ? text.ends_with(part) : text.starts_with(part));
  };
  const Value& affix = *bound[0];
  return Value::boolean(affix.is(Kind::kTuple) ? std::ranges::any_of(affix.items(), matches)
                                               : matches(affix));
}

template <bool at_end>
Value remove_affix(Evaluation&, const Value& self, const Arguments& arguments) {
  std::string_view affix = require_text(*Signature("removeprefix", {""}, 1).bind(arguments)[0]);
  std::string_view text = self.bytes();
  if (at_end && text.ends_with(affix))
    text.remove_suffix(affix.size());
  else if (!at_end && text.starts_with(affix))
    text.remove_prefix(affix.size());
  return like(self, std::string(text));
}

enum class Alignment { kLeft, kRight, kCenter };

template <Alignment alignment>
Value aligned(Evaluation&, const Value& self, const Arguments& arguments) {
  auto bound = Signature("ljust", {"", ""}, 1).bind(arguments);
  std::int64_t width = integer_or(bound[0], 0);
  std::string fill = bound[1] ? std::string(require_text(*bound[1])) : " ";
  if (count_code_points(fill) != 1)
    fail("The fill character must be exactly one character long");
  if (bound[1])
    fill = added(self, *bound[1]);
  std::int64_t missing = std::max<std::int64_t>(width - length(self), 0);
  std::int64_t left = alignment == Alignment::kLeft    ? 0
                      : alignment == Alignment::kRight ? missing
                                                       : missing / 2 + (missing & width & 1);
  TextBuilder out;
  out.append(static_cast<std::size_t>(left), fill).append(self.bytes());
  return like(self, out.append(static_cast<std::size_t>(missing - left), fill).take());
}

Value zero_fill(Evaluation&, const Value& self, const Arguments& arguments) {
  std::int64_t width = integer_or(Signature("zfill", {""}, 1).bind(arguments)[0], 0);
  std::int64_t missing = std::max<std::int64_t>(width - length(self), 0);
  std::string_view text = self.bytes();
  std::size_t sign = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  TextBuilder out;
  out.append(text.substr(0, sign)).append(static_cast<std::size_t>(missing), "0");
  return like(self, out.append(text.substr(sign)).take());
}

Value expand_text_tabs(Evaluation&, const Value& self, const Arguments& arguments) {
  const Value* size = Signature("expandtabs", {"tabsize"}, 0).bind(arguments)[0];
  return like(self, expand_tabs(self.bytes(), integer_or(size, 8)));
}

Value format(Evaluation& evaluation, const Value& self, const Arguments& arguments) {
  return format_fields(evaluation, self, arguments);
}

Value format_map(Evaluation& evaluation, const Value& self, const Arguments& arguments) {
  const Value* mapping = Signature("format_map", {""}, 1).bind(arguments)[0];
  return format_fields(evaluation, self, {}, mapping);
}

}  // namespace

Method find_text_method(std::string_view name) {
  static const std::unordered_map<std::string_view, Method> kMethods = {
      {"capitalize", converted<to_capitalized>},
      {"casefold", converted<case_fold>},
      {"center", aligned<Alignment::kCenter>},
      {"count", count},
      {"endswith", has_affix<true>},
      {"expandtabs", expand_text_tabs},
      {"find", find<false>},
      {"format", format},
      {"format_map", format_map},
      {"index", index<false>},
      {"isalnum", all_are<is_alphanumeric, false>},
      {"isalpha", all_are<is_alpha, false>},
      {"isascii", all_are<is_ascii_character, true>},
      {"isdecimal", all_are<is_decimal, false>},
      {"isdigit", all_are<is_digit, false>},
      {"isidentifier", is_identifier_text},
      {"islower", has_case<is_lower>},
      {"isnumeric", all_are<is_numeric, false>},
      {"isprintable", all_are<is_printable, true>},
      {"isspace", all_are<is_space, false>},
      {"istitle", is_title_text},
      {"isupper", has_case<is_upper>},
      {"join", join},
      {"ljust", aligned<Alignment::kLeft>},
      {"lower", converted<to_lower>},
      {"lstrip", stripped<Side::kLeft>},
      {"partition", partition<false>},
      {"removeprefix", remove_affix<false>},
      {"removesuffix", remove_affix<true>},
      {"replace", replace_text},
      {"rfind", find<true>},
      {"rindex", index<true>},
      {"rjust", aligned<Alignment::kRight>},
      {"rpartition", partition<true>},
      {"rsplit", split_text<true>},
      {"rstrip", stripped<Side::kRight>},
      {"split", split_text<false>},
      {"splitlines", split_text_lines},
      {"startswith", has_affix<false>},
      {"strip", stripped<Side::kBoth>},
      {"swapcase", converted<swap_case>},
      {"title", converted<to_title>},
      {"upper", converted<to_upper>},
      {"zfill", zero_fill},
  };
  auto it = kMethods.find(name);
  return it == kMethods.end() ? nullptr : it->second;
}

}  // namespace ashlar::jinja
