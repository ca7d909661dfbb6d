// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/numbers.h"

#include "models/formats/template/failure.h"
#include "models/formats/template/format_spec.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/text_functions.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace ashlar::jinja {

namespace {

// Removes underscores, which must stand between digits; nothing when one does not.
std::optional<std::string> without_underscores(std::string_view digits) {
  std::string result;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] != '_') {
      result += digits[i];
      continue;
    }
    auto is_digit = [&](std::size_t at) {
      return at < digits.size() && std::isalnum(static_cast<unsigned char>(digits[at]));
    };
    if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1))
      return std::nullopt;
  }
  return result;
}

// The base a prefix such as 0x names, or 0.
int prefix_base(std::string_view digits) {
  if (digits.size() < 2 || digits[0] != '0')
    return 0;
  switch (digits[1]) {
  case 'x':
  case 'X':
    return 16;
  case 'o':
  case 'O':
    return 8;
  case 'b':
  case 'B':
    return 2;
  default:
    return 0;
  }
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t base) {
  if (base != 0 && (base < 2 || base > 36))
    return std::nullopt;
  std::string_view digits = strip(text, std::nullopt, Side::kBoth);
  bool negative = !digits.empty() && digits[0] == '-';
  if (negative || (!digits.empty() && digits[0] == '+'))
    digits.remove_prefix(1);
  if (int named = prefix_base(digits); named != 0 && (base == 0 || base == named)) {
    base = named;
    digits.remove_prefix(2);
    if (!digits.empty() && digits[0] == '_')
      digits.remove_prefix(1);
  }
  std::optional<std::string> plain = without_underscores(digits);
  if (!plain || plain->empty() || (*plain)[0] == '-' || (*plain)[0] == '+')
    return std::nullopt;
  if (base == 0) {
    base = 10;
    if (plain->size() > 1 && (*plain)[0] == '0' &&
        plain->find_first_not_of('0') != std::string::npos)
      return std::nullopt;
  }
  std::string signed_digits = (negative ? "-" : "") + *plain;
  const char* end = signed_digits.data() + signed_digits.size();
  std::int64_t value = 0;
  auto [stopped, error] = std::from_chars(signed_digits.data(), end, value, static_cast<int>(base));
  if (stopped != end)
    return std::nullopt;
  if (error == std::errc::result_out_of_range)
    lack("the number {}, an integer of more than 64 bits,", signed_digits);
  if (error != std::errc())
    return std::nullopt;
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  std::string_view digits = strip(text, std::nullopt, Side::kBoth);
  std::optional<std::string> plain = without_underscores(digits);
  if (!plain || plain->empty())
    return std::nullopt;
  std::string_view number = *plain;
  bool negative = number[0] == '-';
  if (negative || number[0] == '+')
    number.remove_prefix(1);
  // from_chars would also take a second sign and "nan(...)".
  if (number.empty() || number[0] == '-' || number.find('(') != std::string_view::npos)
    return std::nullopt;
  double value = 0;
  auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (end != number.data() + number.size())
    return std::nullopt;
  if (error == std::errc::result_out_of_range)
    value = std::strtod(std::string(number).c_str(), nullptr);
  else if (error != std::errc())
    return std::nullopt;
  return negative ? -value : value;
}

std::int64_t truncate(double value) {
  if (std::isnan(value))
    fail("cannot convert float NaN to integer");
  if (std::isinf(value))
    fail("cannot convert float infinity to integer");
  constexpr double kLimit = 9223372036854775808.0;
  double whole = std::trunc(value);
  if (whole >= kLimit || whole < -kLimit)
    lack("the number {}, an integer of more than 64 bits,", whole);
  return static_cast<std::int64_t>(whole);
}

Value round_number(const Value& value, std::int64_t digits) {
  if (value.is_integral()) {
    if (digits >= 0)
      return Value::integer(value.as_int());
    lack("rounding an integer to tens");
  }
  double number = value.as_real();
  if (!std::isfinite(number) || digits > 300)
    return value;
  if (digits < 0) {
    double scale = std::pow(10.0, static_cast<double>(std::min<std::int64_t>(-digits, 400)));
    return Value::real(std::isinf(scale) ? std::copysign(0.0, number)
                                         : std::nearbyint(number / scale) * scale);
  }
  return Value::real(
      std::strtod(format_real(number, 'f', static_cast<int>(digits), false).c_str(), nullptr));
}

}  // namespace ashlar::jinja
