// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/format_spec.h"

#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/text_builder.h"
#include "models/formats/template/unicode.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ashlar::jinja {

namespace {

struct Spec {
  std::string fill = " ";
  char align = 0;  // one of < > = ^, 0 for the default
  char sign = '-';
  bool alternate = false;
  int width = 0;
  char grouping = 0;  // , or _
  int precision = -1;
  char type = 0;
};

bool is_align(char32_t c) {
  return c == '<' || c == '>' || c == '=' || c == '^';
}

class SpecParser {
public:
  explicit SpecParser(std::string_view text) : wide_(to_utf32(text)), text_(text) {}

  Spec parse() {
    parse_alignment();
    if (peek() == '+' || peek() == '-' || peek() == ' ')
      spec_.sign = take();
    if (peek() == 'z')
      lack("the format option 'z'");
    spec_.alternate = take_if('#');
    if (take_if('0') && !spec_.align) {
      spec_.fill = "0";
      spec_.align = '=';
    }
    spec_.width = parse_number(0, kMaxFormatWidth);
    if (peek() == ',' || peek() == '_')
      spec_.grouping = take();
    if (take_if('.')) {
      spec_.precision = parse_number(-1, kMaxFormatWidth);
      if (spec_.precision < 0)
        fail("Format specifier missing precision");
    }
    if (at_ < wide_.size() && wide_[at_] < 0x80)
      spec_.type = take();
    if (at_ != wide_.size())
      fail("Invalid format specifier '{}'", text_);
    return spec_;
  }

private:
  char32_t peek() const { return at_ < wide_.size() ? wide_[at_] : 0; }
  char take() { return static_cast<char>(wide_[at_++]); }
  bool take_if(char32_t c) {
    if (peek() != c)
      return false;
    ++at_;
    return true;
  }

  void parse_alignment() {
    if (wide_.size() >= 2 && is_align(wide_[1])) {
      spec_.fill = to_utf8(std::u32string_view(wide_).substr(0, 1));
      at_ = 1;
      spec_.align = take();
    } else if (!wide_.empty() && is_align(wide_[0])) {
      spec_.align = take();
    }
  }

  int parse_number(int fallback, int limit) {
    int value = fallback;
    while (peek() >= '0' && peek() <= '9') {
      value = std::max(value, 0) * 10 + (take() - '0');
      if (value > limit)
        fail("a format asks for {} characters or more: at most {} are given", value, limit);
    }
    return value;
  }

  std::u32string wide_;
  std::string_view text_;
  std::size_t at_ = 0;
  Spec spec_;
};

std::string pad(const Spec& spec, std::string_view prefix, std::string_view body,
                char default_align) {
  std::size_t size = count_code_points(prefix) + count_code_points(body);
  auto width = static_cast<std::size_t>(spec.width);
  std::size_t missing = width > size ? width - size : 0;
  char align = spec.align ? spec.align : default_align;
  TextBuilder out;
  if (align == '=')
    return out.append(prefix).append(missing, spec.fill).append(body).take();
  std::size_t before = align == '<' ? 0 : align == '>' ? missing : missing / 2;
  out.append(before, spec.fill).append(prefix).append(body);
  return out.append(missing - before, spec.fill).take();
}

std::string group_digits(std::string_view digits, char separator, std::size_t size) {
  std::string result;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % size == 0)
      result += separator;
    result += digits[i];
  }
  return result;
}

// Separates the leading digits into groups, zero-filled up to the width when the spec asks for it.
std::string group_number(const Spec& spec, std::string_view prefix, std::string body,
                         std::size_t group_size) {
  if (!spec.grouping)
    return body;
  std::size_t end = body.find_first_not_of("0123456789abcdefABCDEF");
  std::string digits = body.substr(0, end);
  std::string tail = end == std::string::npos ? "" : body.substr(end);
  std::string grouped = group_digits(digits, spec.grouping, group_size);
  if (spec.fill == "0" && spec.align == '=') {
    while (prefix.size() + grouped.size() + tail.size() < static_cast<std::size_t>(spec.width)) {
      auto wanted = static_cast<std::size_t>(spec.width) - prefix.size() - tail.size();
      digits.insert(0, std::max<std::size_t>(1, (wanted - grouped.size()) / 2), '0');
      grouped = group_digits(digits, spec.grouping, group_size);
    }
  }
  return grouped + tail;
}

std::string sign_of(bool negative, char option) {
  if (negative)
    return "-";
  return option == '-' ? "" : std::string(1, option);
}

std::string format_text(const Value& value, const Spec& spec) {
  if (spec.type && spec.type != 's')
    fail("Unknown format code '{}' for object of type 'str'", spec.type);
  if (spec.sign != '-')
    fail("Sign not allowed in string format specifier");
  if (spec.alternate)
    fail("Alternate form (#) not allowed in string format specifier");
  if (spec.grouping)
    fail("Cannot specify '{}' with 's'.", spec.grouping);
  if (spec.align == '=' && spec.fill != "0")
    fail("'=' alignment not allowed in string format specifier");
  Spec text_spec = spec;
  if (spec.align == '=')
    text_spec.align = '<';
  std::string_view bytes = value.bytes();
  if (spec.precision >= 0)
    bytes = bytes.substr(0, byte_offset(bytes, static_cast<std::size_t>(spec.precision)));
  return pad(text_spec, "", bytes, '<');
}

std::string format_integer(const Value& value, const Spec& spec) {
  if (spec.precision >= 0)
    fail("Precision not allowed in integer format specifier");
  std::int64_t number = value.as_int();
  if (spec.type == 'c') {
    if (number < 0 || number > 0x10FFFF || (number >= 0xD800 && number < 0xE000))
      fail("%c arg not in range(0x110000)");
    std::string character;
    append_code_point(character, static_cast<char32_t>(number));
    return pad(spec, "", character, '<');
  }
  auto magnitude = static_cast<std::uint64_t>(number);
  if (number < 0)
    magnitude = 0 - magnitude;
  std::string prefix = sign_of(number < 0, spec.sign);
  std::string digits;
  std::size_t group_size = 4;
  switch (spec.type) {
  case 'b':
    digits = fmt::format("{:b}", magnitude);
    break;
  case 'o':
    digits = fmt::format("{:o}", magnitude);
    break;
  case 'x':
    digits = fmt::format("{:x}", magnitude);
    break;
  case 'X':
    digits = fmt::format("{:X}", magnitude);
    break;
  default:
    digits = std::to_string(magnitude);
    group_size = 3;
  }
  if (group_size == 4) {
    if (spec.grouping == ',')
      fail("Cannot specify ',' with '{}'.", spec.type);
    if (spec.alternate)
      prefix += std::string("0") + spec.type;
  }
  return pad(spec, prefix, group_number(spec, prefix, digits, group_size), '>');
}

// A double without a type letter: as repr, or with `precision` digits and always a point.
std::string format_plain_real(double magnitude, int precision) {
  if (precision < 0)
    return repr(magnitude);
  precision = std::max(precision, 1);
  std::string scientific = format_real(magnitude, 'e', precision - 1, false);
  int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  if (exponent < -4 || exponent >= precision - 1) {
    std::string digits = scientific.substr(0, scientific.find('e'));
    if (digits.find('.') != std::string::npos)
      digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.')
      digits.pop_back();
    return digits + scientific.substr(scientific.find('e'));
  }
  std::string fixed = format_real(magnitude, 'g', precision, false);
  return fixed.find('.') == std::string::npos ? fixed + ".0" : fixed;
}

std::string format_number(const Value& value, const Spec& spec) {
  double number = value.as_real();
  bool negative = std::signbit(number) && !std::isnan(number);
  double magnitude = std::abs(number);
  std::string prefix = sign_of(negative, spec.sign);
  std::string body;
  if (!std::isfinite(number)) {
    bool capital = spec.type == 'E' || spec.type == 'F' || spec.type == 'G';
    body = std::isnan(number) ? (capital ? "NAN" : "nan") : (capital ? "INF" : "inf");
    if (spec.type == '%')
      body += "%";
  } else if (spec.type == 0) {
    body = format_plain_real(magnitude, spec.precision);
  } else {
    int precision = spec.precision < 0 ? 6 : spec.precision;
    if (spec.type == '%')
      body = format_real(magnitude * 100, 'f', precision, spec.alternate) + "%";
    else
      body = format_real(magnitude, spec.type == 'n' ? 'g' : spec.type, precision, spec.alternate);
  }
  return pad(spec, prefix, group_number(spec, prefix, body, 3), '>');
}

bool is_one_of(char c, std::string_view set) {
  return c != 0 && set.find(c) != std::string_view::npos;
}

}  // namespace

std::string format_real(double value, char type, int precision, bool alternate) {
  if (precision > kMaxFormatPrecision)
    fail("a format asks for {} digits: at most {} are given", precision, kMaxFormatPrecision);
  const char format[] = {'%',
                         alternate ? '#' : '.',
                         alternate ? '.' : '*',
                         alternate ? '*' : type,
                         alternate ? type : '\0',
                         '\0'};
  int size = std::snprintf(nullptr, 0, format, precision, value);
  std::string result(static_cast<std::size_t>(size) + 1, '\0');
  std::snprintf(result.data(), result.size(), format, precision, value);
  result.pop_back();
  return result;
}

std::string format_value(const Value& value, std::string_view spec_text) {
  if (spec_text.empty())
    return to_text(value);
  if (!value.is(Kind::kText) && !value.is_number())
    fail("unsupported format string passed to {}.__format__", type_name(value));
  Spec spec = SpecParser(spec_text).parse();
  if (value.is(Kind::kText))
    return format_text(value, spec);
  if (is_one_of(spec.type, "eEfFgG%") ||
      (value.is(Kind::kFloat) && (!spec.type || spec.type == 'n')))
    return format_number(value, spec);
  if (value.is_integral() && (!spec.type || is_one_of(spec.type, "bcdoxXn")))
    return format_integer(value, spec);
  fail("Unknown format code '{}' for object of type '{}'", spec.type, type_name(value));
}

}  // namespace ashlar::jinja
