// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/operators.h"

#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/percent_format.h"
#include "models/formats/template/text_builder.h"

#include <cmath>

namespace ashlar::jinja {

namespace {

[[noreturn]] void fail_operands(BinaryOperator op, const Value& a, const Value& b) {
  for (const Value* operand : {&a, &b}) {
    if (operand->is(Kind::kUndefined))
      fail("{}", operand->undefined_message());
  }
  if (a.is(Kind::kObject) && b.is(Kind::kObject) && op == BinaryOperator::kSubtract)
    lack("the difference of '{}' objects", type_name(a));
  fail("unsupported operand type(s) for {}: '{}' and '{}'", symbol(op), type_name(a), type_name(b));
}

[[noreturn]] void fail_overflow(BinaryOperator op) {
  lack("the result of {}, an integer of more than 64 bits,", symbol(op));
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  if (b == -1) {
    std::int64_t result;
    if (__builtin_sub_overflow(std::int64_t{0}, a, &result))
      fail_overflow(BinaryOperator::kFloorDivide);
    return result;
  }
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::int64_t modulo(std::int64_t a, std::int64_t b) {
  if (b == -1)
    return 0;
  std::int64_t remainder = a % b;
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

std::int64_t power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  while (true) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
      fail_overflow(BinaryOperator::kPower);
    exponent >>= 1;
    if (exponent == 0)
      return result;
    if (__builtin_mul_overflow(base, base, &base))
      fail_overflow(BinaryOperator::kPower);
  }
}

double power(double base, double exponent) {
  if (base == 0 && exponent < 0)
    fail("0.0 cannot be raised to a negative power");
  if (base < 0 && std::isfinite(exponent) && exponent != std::floor(exponent))
    lack("the power of a negative number, which is complex,");
  double result = std::pow(base, exponent);
  if (std::isinf(result) && std::isfinite(base) && std::isfinite(exponent))
    fail("numerical result out of range");
  return result;
}

struct DivisionResult {
  double quotient;
  double remainder;
};

// Quotient and remainder with the sign of the divisor, rounded as Python does.
DivisionResult floor_divide(double a, double b) {
  double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder == 0) {
    remainder = std::copysign(0.0, b);
  } else if ((b < 0) != (remainder < 0)) {
    remainder += b;
    quotient -= 1;
  }
  if (quotient == 0)
    return {std::copysign(0.0, a / b), remainder};
  double floored = std::floor(quotient);
  return {quotient - floored > 0.5 ? floored + 1 : floored, remainder};
}

Value integer_arithmetic(BinaryOperator op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
  case BinaryOperator::kAdd:
    overflow = __builtin_add_overflow(a, b, &result);
    break;
  case BinaryOperator::kSubtract:
    overflow = __builtin_sub_overflow(a, b, &result);
    break;
  case BinaryOperator::kMultiply:
    overflow = __builtin_mul_overflow(a, b, &result);
    break;
  case BinaryOperator::kDivide:
    if (b == 0)
      fail("division by zero");
    return Value::real(
        static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b)));
  case BinaryOperator::kFloorDivide:
  case BinaryOperator::kModulo:
    if (b == 0)
      fail("integer division or modulo by zero");
    result = op == BinaryOperator::kModulo ? modulo(a, b) : floor_divide(a, b);
    break;
  case BinaryOperator::kPower:
    if (b < 0)
      return Value::real(power(static_cast<double>(a), static_cast<double>(b)));
    result = power(a, b);
    break;
  }
  if (overflow)
    fail_overflow(op);
  return Value::integer(result);
}

Value real_arithmetic(BinaryOperator op, double a, double b) {
  switch (op) {
  case BinaryOperator::kAdd:
    return Value::real(a + b);
  case BinaryOperator::kSubtract:
    return Value::real(a - b);
  case BinaryOperator::kMultiply:
    return Value::real(a * b);
  case BinaryOperator::kPower:
    return Value::real(power(a, b));
  default:
    break;
  }
  if (b == 0)
    fail("float division by zero");
  if (op == BinaryOperator::kDivide)
    return Value::real(a / b);
  DivisionResult result = floor_divide(a, b);
  return Value::real(op == BinaryOperator::kModulo ? result.remainder : result.quotient);
}

Value add_texts(const Value& a, const Value& b) {
  bool markup = a.as_text().markup || b.as_text().markup;
  const Value& left = markup ? escape(a) : a;
  const Value& right = markup ? escape(b) : b;
  return Value::text(TextBuilder().append(left.bytes()).append(right.bytes()).take(), markup);
}

Value add_sequences(const Value& a, const Value& b) {
  if (a.items().size() + b.items().size() > kMaxTemplateListItems)
    fail("a list grows longer than {} items", kMaxTemplateListItems);
  std::vector<Value> items = a.items();
  items.insert(items.end(), b.items().begin(), b.items().end());
  return a.is(Kind::kList) ? Value::list(std::move(items)) : Value::tuple(std::move(items));
}

Value repeat(const Value& value, std::int64_t times) {
  auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
  if (value.is(Kind::kText))
    return Value::text(TextBuilder().append(count, value.bytes()).take(), value.as_text().markup);
  std::vector<Value> items;
  if (!value.items().empty()) {
    if (count > kMaxTemplateListItems / value.items().size())
      fail("a list grows longer than {} items", kMaxTemplateListItems);
    for (std::size_t i = 0; i < count; ++i)
      items.insert(items.end(), value.items().begin(), value.items().end());
  }
  return value.is(Kind::kList) ? Value::list(std::move(items)) : Value::tuple(std::move(items));
}

bool repeatable(const Value& value) {
  return value.is(Kind::kText) || value.is_sequence();
}

}  // namespace

std::string_view symbol(BinaryOperator op) {
  switch (op) {
  case BinaryOperator::kAdd:
    return "+";
  case BinaryOperator::kSubtract:
    return "-";
  case BinaryOperator::kMultiply:
    return "*";
  case BinaryOperator::kDivide:
    return "/";
  case BinaryOperator::kFloorDivide:
    return "//";
  case BinaryOperator::kModulo:
    return "%";
  case BinaryOperator::kPower:
    return "** or pow()";
  }
  return "?";
}

Value apply(BinaryOperator op, const Value& a, const Value& b) {
  if (a.is_integral() && b.is_integral())
    return integer_arithmetic(op, a.as_int(), b.as_int());
  if (a.is_number() && b.is_number())
    return real_arithmetic(op, a.as_real(), b.as_real());
  if (op == BinaryOperator::kModulo && a.is(Kind::kText))
    return percent_format(a, b);
  if (op == BinaryOperator::kAdd && a.kind() == b.kind()) {
    if (a.is(Kind::kText))
      return add_texts(a, b);
    if (a.is_sequence())
      return add_sequences(a, b);
  }
  if (op == BinaryOperator::kMultiply) {
    if (repeatable(a) && b.is_integral())
      return repeat(a, b.as_int());
    if (repeatable(b) && a.is_integral())
      return repeat(b, a.as_int());
  }
  fail_operands(op, a, b);
}

Value negate(const Value& value) {
  if (value.is_integral())
    return integer_arithmetic(BinaryOperator::kSubtract, 0, value.as_int());
  if (value.is(Kind::kFloat))
    return Value::real(-value.as_real());
  if (value.is(Kind::kUndefined))
    fail("{}", value.undefined_message());
  fail("bad operand type for unary -: '{}'", type_name(value));
}

Value plus(const Value& value) {
  if (value.is_integral())
    return Value::integer(value.as_int());
  if (value.is(Kind::kFloat))
    return value;
  if (value.is(Kind::kUndefined))
    fail("{}", value.undefined_message());
  fail("bad operand type for unary +: '{}'", type_name(value));
}

std::string escape_html(std::string_view text) {
  TextBuilder result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
    case '&':
      result.append("&amp;");
      break;
    case '<':
      result.append("&lt;");
      break;
    case '>':
      result.append("&gt;");
      break;
    case '\'':
      result.append("&#39;");
      break;
    case '"':
      result.append("&#34;");
      break;
    default:
      result.append(text.substr(i, 1));
    }
  }
  return result.take();
}

Value escape(const Value& value) {
  if (value.is(Kind::kText) && value.as_text().markup)
    return value;
  return Value::text(escape_html(to_text(value)), true);
}

}  // namespace ashlar::jinja
