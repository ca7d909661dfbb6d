// SPDX-License-Identifier: Apache-2.0
// Filters about numbers.
#include "models/formats/template/access.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/filters.h"
#include "models/formats/template/format_spec.h"
#include "models/formats/template/numbers.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/signature.h"

#include <cmath>

namespace ashlar::jinja {

namespace {

Value absolute(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("abs", {}, 0).bind(arguments);
  if (operand.is(Kind::kUndefined))
    fail("{}", operand.undefined_message());
  if (!operand.is_number())
    fail("bad operand type for abs(): '{}'", type_name(operand));
  if (operand.is(Kind::kFloat))
    return Value::real(std::abs(operand.as_real()));
  return operand.as_int() < 0 ? negate(operand) : plus(operand);
}

std::optional<std::int64_t> truncate_finite(double value) {
  if (!std::isfinite(value))
    return std::nullopt;
  return truncate(value);
}

Value to_int(Evaluation&, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("int", {"default", "base"}, 0).bind(arguments);
  Value fallback = bound[0] ? *bound[0] : Value::integer(0);
  if (operand.is(Kind::kUndefined))
    fail("{}", operand.undefined_message());
  std::optional<std::int64_t> result;
  if (operand.is_integral()) {
    result = operand.as_int();
  } else if (operand.is(Kind::kFloat)) {
    if (!std::isnan(operand.as_real()))
      result = truncate(operand.as_real());
  } else if (operand.is(Kind::kText)) {
    Value base = bound[1] ? *bound[1] : Value::integer(10);
    if (base.is_integral())
      result = parse_integer(operand.bytes(), base.as_int());
    if (!result) {
      if (std::optional<double> real = parse_real(operand.bytes()))
        result = truncate_finite(*real);
    }
  }
  return result ? Value::integer(*result) : fallback;
}

Value to_float(Evaluation&, const Value& operand, const Arguments& arguments) {
  const Value* fallback = Signature("float", {"default"}, 0).bind(arguments)[0];
  if (operand.is(Kind::kUndefined))
    fail("{}", operand.undefined_message());
  if (operand.is_number())
    return Value::real(operand.as_real());
  if (operand.is(Kind::kText)) {
    if (std::optional<double> real = parse_real(operand.bytes()))
      return Value::real(*real);
  }
  return fallback ? *fallback : Value::real(0);
}

Value rounded(Evaluation&, const Value& operand, const Arguments& arguments) {
  auto bound = Signature("round", {"precision", "method"}, 0).bind(arguments);
  std::int64_t precision = integer_or(bound[0], 0);
  std::string_view method = bound[1] ? require_text(*bound[1]) : "common";
  if (method != "common" && method != "ceil" && method != "floor")
    fail("method must be common, ceil or floor");
  if (operand.is(Kind::kUndefined))
    fail("{}", operand.undefined_message());
  if (!operand.is_number())
    fail("type {} doesn't define __round__ method", type_name(operand));
  if (method == "common")
    return round_number(operand, precision);
  Value scale = apply(BinaryOperator::kPower, Value::integer(10), Value::integer(precision));
  double scaled = apply(BinaryOperator::kMultiply, operand, scale).as_real();
  std::int64_t whole = truncate(method == "ceil" ? std::ceil(scaled) : std::floor(scaled));
  return apply(BinaryOperator::kDivide, Value::integer(whole), scale);
}

Value filesizeformat(Evaluation&, const Value& operand, const Arguments& arguments) {
  const Value* binary = Signature("filesizeformat", {"binary"}, 0).bind(arguments)[0];
  std::optional<double> bytes;
  if (operand.is_number())
    bytes = operand.as_real();
  else if (operand.is(Kind::kText))
    bytes = parse_real(operand.bytes());
  if (!bytes)
    fail("filesizeformat expects a number, got a value of type '{}'", type_name(operand));
  bool powers_of_two = truth_or(binary, false);
  double base = powers_of_two ? 1024 : 1000;
  if (*bytes == 1)
    return Value::text("1 Byte");
  if (*bytes < base)
    return Value::text(fmt::format("{} Bytes", truncate(*bytes)));
  std::string_view prefixes = powers_of_two ? "KMGTPEZY" : "kMGTPEZY";
  double unit = base;
  for (char prefix : prefixes) {
    unit *= base;
    if (*bytes < unit || prefix == prefixes.back())
      return Value::text(fmt::format("{} {}{}B", format_real(base * *bytes / unit, 'f', 1, false),
                                     prefix, powers_of_two ? "i" : ""));
  }
  return Value::none();
}

constexpr FilterEntry kNumberFilters[] = {
    {"abs", absolute},  {"filesizeformat", filesizeformat}, {"float", to_float}, {"int", to_int},
    {"round", rounded},
};

}  // namespace

std::span<const FilterEntry> number_filters() {
  return kNumberFilters;
}

}  // namespace ashlar::jinja
