// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/evaluation.h"

#include "models/formats/template/access.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/filters.h"
#include "models/formats/template/methods.h"
#include "models/formats/template/objects.h"
#include "models/formats/template/tests.h"

namespace ashlar::jinja {

namespace {

constexpr std::int64_t kStepsPerItem = 4;

// What reading through a value costs.
std::int64_t scan_steps(const Value& value) {
  switch (value.kind()) {
  case Kind::kText:
    return value.extent().weight;
  case Kind::kList:
  case Kind::kTuple:
    return static_cast<std::int64_t>(value.items().size());
  default:
    return 0;
  }
}

// What making a value costs, apart from the values it contains.
std::int64_t making_steps(const Value& value) {
  switch (value.kind()) {
  case Kind::kText:
    return value.extent().weight;
  case Kind::kList:
  case Kind::kTuple:
    return static_cast<std::int64_t>(value.items().size()) * kStepsPerItem;
  case Kind::kDict:
    return static_cast<std::int64_t>(value.as_dict().size()) * kStepsPerItem;
  default:
    return 0;
  }
}

Value missing(const Value& owner, const Value& key) {
  std::string type = owner.is(Kind::kNone) ? "None" : type_name(owner) + " object";
  if (key.is(Kind::kText))
    return Value::undefined(fmt::format("'{}' has no attribute '{}'", type, key.bytes()));
  // The key may be too large to show.
  std::string shown = key.is_number() ? to_text(key) : type_name(key);
  return Value::undefined(fmt::format("{} has no element {}", type, shown));
}

}  // namespace

Evaluation::Evaluation(const TemplateLimits& limits, const CivilTime& now)
    : steps_left_(limits.steps), steps_limit_(limits.steps), now_(now) {}

Evaluation::~Evaluation() {
  for (const std::function<void()>& release : releases_)
    release();
}

void Evaluation::spend(std::int64_t steps) {
  steps_left_ -= steps;
  if (steps_left_ < 0)
    fail("the template does not come to an end within {} steps", steps_limit_);
}

Value Evaluation::attribute(const Value& value, std::string_view name) {
  if (value.is(Kind::kUndefined))
    fail("{}", value.undefined_message());
  if (std::optional<Value> found = find_attribute(*this, value, name))
    return *found;
  Value key = Value::text(std::string(name));
  if (std::optional<Value> found = subscript(value, key))
    return *found;
  return missing(value, key);
}

Value Evaluation::item(const Value& value, const Value& key) {
  if (std::optional<Value> found = subscript(value, key))
    return *found;
  if (key.is(Kind::kText)) {
    if (std::optional<Value> found = find_attribute(*this, value, key.bytes()))
      return *found;
  }
  return missing(value, key);
}

Value Evaluation::call(const Value& callee, const Arguments& arguments) {
  if (callee.is(Kind::kUndefined))
    fail("{}", callee.undefined_message());
  if (!callee.is(Kind::kObject) || !callee.as_object()->callable())
    fail("'{}' object is not callable", type_name(callee));
  spend(1 + static_cast<std::int64_t>(arguments.positional.size() + arguments.named.size()));
  // The callee may drop the last reference to itself, for example from a namespace.
  std::shared_ptr<Object> keep = callee.as_object();
  Value result = keep->call(*this, arguments);
  spend(making_steps(result));
  return result;
}

Value Evaluation::filter(std::string_view name, const Value& operand, const Arguments& arguments) {
  FilterFunction function = find_filter(name);
  if (!function)
    lack("the filter '{}'", name);
  spend(1 + scan_steps(operand));
  Value result = function(*this, operand, arguments);
  spend(making_steps(result));
  return result;
}

bool Evaluation::test(std::string_view name, const Value& operand, const Arguments& arguments) {
  TestFunction function = find_test(name);
  if (!function)
    lack("the test '{}'", name);
  spend(1 + scan_steps(operand));
  return function(*this, operand, arguments);
}

Value Evaluation::make_namespace(Dict attributes) {
  spend(kRegistrationSteps);
  auto result = std::make_shared<Namespace>(std::move(attributes));
  at_end([result] { result->clear(); });
  return Value::object(std::move(result));
}

}  // namespace ashlar::jinja
