// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/tests.h"

#include "models/formats/template/access.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/filters.h"
#include "models/formats/template/methods.h"
#include "models/formats/template/operators.h"
#include "models/formats/template/signature.h"

#include <unordered_map>

namespace ashlar::jinja {

namespace {

template <bool (*predicate)(const Value&)>
bool plain(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("a test", {}, 0).bind(arguments);
  return predicate(operand);
}

bool is_defined(const Value& value) {
  return !value.is(Kind::kUndefined);
}
bool is_undefined(const Value& value) {
  return value.is(Kind::kUndefined);
}
bool is_none(const Value& value) {
  return value.is(Kind::kNone);
}
bool is_boolean(const Value& value) {
  return value.is(Kind::kBool);
}
bool is_true(const Value& value) {
  return value.is(Kind::kBool) && value.as_bool();
}
bool is_false(const Value& value) {
  return value.is(Kind::kBool) && !value.as_bool();
}
bool is_integer(const Value& value) {
  return value.is(Kind::kInt);
}
bool is_float(const Value& value) {
  return value.is(Kind::kFloat);
}
bool is_number(const Value& value) {
  return value.is_number();
}
bool is_string(const Value& value) {
  return value.is(Kind::kText);
}
bool is_mapping(const Value& value) {
  return value.is(Kind::kDict);
}
bool is_escaped(const Value& value) {
  return is_string(value) && value.as_text().markup;
}
bool is_iterable(const Value& value) {
  return static_cast<bool>(try_iterate(value));
}

bool is_callable(const Value& value) {
  // An undefined value has a call operator, which fails.
  return value.is(Kind::kUndefined) || (value.is(Kind::kObject) && value.as_object()->callable());
}

bool is_sequence(const Value& value) {
  if (value.is(Kind::kObject))
    return value.as_object()->subscriptable() && value.as_object()->length();
  return value.is(Kind::kText) || value.is(Kind::kDict) || value.is_sequence() ||
         value.is(Kind::kUndefined);
}

bool text_is(Evaluation& evaluation, const Value& operand, std::string_view method) {
  return truthy(find_text_method(method)(evaluation, Value::text(to_text(operand)), {}));
}

bool is_lower_text(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  Signature("lower", {}, 0).bind(arguments);
  return text_is(evaluation, operand, "islower");
}

bool is_upper_text(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  Signature("upper", {}, 0).bind(arguments);
  return text_is(evaluation, operand, "isupper");
}

bool remainder_is(const Value& value, const Value& divisor, std::int64_t remainder) {
  return equal(apply(BinaryOperator::kModulo, value, divisor), Value::integer(remainder));
}

bool is_odd(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("odd", {}, 0).bind(arguments);
  return remainder_is(operand, Value::integer(2), 1);
}

bool is_even(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("even", {}, 0).bind(arguments);
  return remainder_is(operand, Value::integer(2), 0);
}

bool is_divisible(Evaluation&, const Value& operand, const Arguments& arguments) {
  return remainder_is(operand, *Signature("divisibleby", {"num"}, 1).bind(arguments)[0], 0);
}

bool is_filter(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("filter", {}, 0).bind(arguments);
  KeyHash()(operand);  // looked up by it, so that lists fail
  return operand.is(Kind::kText) && find_filter(operand.bytes());
}

bool is_test(Evaluation&, const Value& operand, const Arguments& arguments) {
  Signature("test", {}, 0).bind(arguments);
  KeyHash()(operand);
  return operand.is(Kind::kText) && find_test(operand.bytes());
}

bool is_in(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  const Value& container = *Signature("in", {"seq"}, 1).bind(arguments)[0];
  evaluation.spend(container.extent().weight / 4);
  return contains(container, operand);
}

// Python's `is`. Whether equal strings or numbers are one object is up to its implementation.
bool is_same(Evaluation&, const Value& operand, const Arguments& arguments) {
  const Value& other = *Signature("sameas", {"other"}, 1).bind(arguments)[0];
  if (operand.kind() != other.kind())
    return false;
  switch (operand.kind()) {
  case Kind::kNone:
    return true;
  case Kind::kBool:
    return operand.as_bool() == other.as_bool();
  case Kind::kInt:
    if (operand.as_int() != other.as_int())
      return false;
    break;
  case Kind::kText:
    if (operand.bytes() != other.bytes())
      return false;
    break;
  default:
    break;
  }
  if (operand.identity() && operand.identity() == other.identity())
    return true;
  constexpr std::int64_t kSmallestShared = -5;
  constexpr std::int64_t kLargestShared = 256;
  if (operand.is(Kind::kInt) && operand.as_int() >= kSmallestShared &&
      operand.as_int() <= kLargestShared)
    return true;
  if (operand.is(Kind::kText) || operand.is_number() || operand.is(Kind::kUndefined))
    lack("the test 'sameas' between equal values of type '{}'", type_name(operand));
  return false;
}

template <Comparator comparator>
bool compares(Evaluation& evaluation, const Value& operand, const Arguments& arguments) {
  const Value& other = *Signature("a comparison", {""}, 1).bind(arguments)[0];
  evaluation.spend(std::min(operand.extent().weight, other.extent().weight) / 4);
  return compare(operand, comparator, other);
}

}  // namespace

TestFunction find_test(std::string_view name) {
  static const std::unordered_map<std::string_view, TestFunction> kTests = {
      {"!=", compares<Comparator::kNotEqual>},
      {"<", compares<Comparator::kLess>},
      {"<=", compares<Comparator::kLessEqual>},
      {"==", compares<Comparator::kEqual>},
      {">", compares<Comparator::kGreater>},
      {">=", compares<Comparator::kGreaterEqual>},
      {"boolean", plain<is_boolean>},
      {"callable", plain<is_callable>},
      {"defined", plain<is_defined>},
      {"divisibleby", is_divisible},
      {"eq", compares<Comparator::kEqual>},
      {"equalto", compares<Comparator::kEqual>},
      {"escaped", plain<is_escaped>},
      {"even", is_even},
      {"false", plain<is_false>},
      {"filter", is_filter},
      {"float", plain<is_float>},
      {"ge", compares<Comparator::kGreaterEqual>},
      {"greaterthan", compares<Comparator::kGreater>},
      {"gt", compares<Comparator::kGreater>},
      {"in", is_in},
      {"integer", plain<is_integer>},
      {"iterable", plain<is_iterable>},
      {"le", compares<Comparator::kLessEqual>},
      {"lessthan", compares<Comparator::kLess>},
      {"lower", is_lower_text},
      {"lt", compares<Comparator::kLess>},
      {"mapping", plain<is_mapping>},
      {"ne", compares<Comparator::kNotEqual>},
      {"none", plain<is_none>},
      {"number", plain<is_number>},
      {"odd", is_odd},
      {"sameas", is_same},
      {"sequence", plain<is_sequence>},
      {"string", plain<is_string>},
      {"test", is_test},
      {"true", plain<is_true>},
      {"undefined", plain<is_undefined>},
      {"upper", is_upper_text},
  };
  auto it = kTests.find(name);
  return it == kTests.end() ? nullptr : it->second;
}

}  // namespace ashlar::jinja
