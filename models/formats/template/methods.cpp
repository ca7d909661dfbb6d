// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/methods.h"

#include "models/formats/template/access.h"
#include "models/formats/template/compare.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/objects.h"
#include "models/formats/template/signature.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ashlar::jinja {

namespace {

using Names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view name, Names names) {
  return std::ranges::find(names, name) != names.end();
}

Value denied(const Value& value, std::string_view name) {
  return Value::undefined(
      fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, type_name(value)));
}

Value bind_method(const Value& self, std::string_view name, Method method) {
  auto body = [self, method](Evaluation& evaluation, const Arguments& arguments) {
    if (self.is(Kind::kText))
      evaluation.spend(self.extent().weight);
    return method(evaluation, self, arguments);
  };
  return Value::object(std::make_shared<Function>(std::string(name), std::move(body), self));
}

Value sequence_count(Evaluation& evaluation, const Value& self, const Arguments& arguments) {
  const Value& wanted = *Signature("count", {""}, 1).bind(arguments)[0];
  evaluation.spend(self.extent().weight);
  return Value::integer(
      std::ranges::count_if(self.items(), [&](const Value& item) { return equal(item, wanted); }));
}

Value sequence_index(Evaluation& evaluation, const Value& self, const Arguments& arguments) {
  auto bound = Signature("index", {"", "", ""}, 1).bind(arguments);
  evaluation.spend(self.extent().weight);
  auto size = static_cast<std::int64_t>(self.items().size());
  auto clamp = [&](std::int64_t at) {
    return std::clamp(at < 0 ? at + size : at, std::int64_t{0}, size);
  };
  std::int64_t end = clamp(integer_or(bound[2], size));
  for (std::int64_t i = clamp(integer_or(bound[1], 0)); i < end; ++i) {
    if (equal(self.items()[static_cast<std::size_t>(i)], *bound[0]))
      return Value::integer(i);
  }
  fail("the value is not in the {}", type_name(self));
}

Value copy(Evaluation&, const Value& self, const Arguments& arguments) {
  Signature("copy", {}, 0).bind(arguments);
  return self;
}

Value dict_get(Evaluation& evaluation, const Value& self, const Arguments& arguments) {
  auto bound = Signature("get", {"", ""}, 1).bind(arguments);
  const Value* found = self.as_dict().find(*bound[0]);
  return found ? *found : value_or_none(bound[1]);
}

template <DictView::Part part>
Value dict_view(Evaluation&, const Value& self, const Arguments& arguments) {
  Signature("a dict view", {}, 0).bind(arguments);
  return Value::object(std::make_shared<DictView>(self, part));
}

Value is_integer(Evaluation&, const Value& self, const Arguments& arguments) {
  Signature("is_integer", {}, 0).bind(arguments);
  return Value::boolean(self.as_real() == std::floor(self.as_real()) &&
                        std::isfinite(self.as_real()));
}

[[noreturn]] void lack_method(const Value& value, std::string_view name) {
  lack("the method '{}' of '{}'", name, type_name(value));
}

std::optional<Value> text_attribute(const Value& value, std::string_view name) {
  if (Method method = find_text_method(name))
    return bind_method(value, name, method);
  bool markup_only = is_one_of(name, {"unescape", "striptags"});
  if (is_one_of(name, {"encode", "maketrans", "translate"}) ||
      (value.as_text().markup && (markup_only || name == "escape")))
    lack_method(value, name);
  return std::nullopt;
}

std::optional<Value> list_attribute(const Value& value, std::string_view name) {
  if (is_one_of(name, {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"}))
    return denied(value, name);
  return name == "copy" ? std::optional(bind_method(value, name, copy)) : std::nullopt;
}

std::optional<Value> sequence_attribute(const Value& value, std::string_view name) {
  if (name == "count")
    return bind_method(value, name, sequence_count);
  if (name == "index")
    return bind_method(value, name, sequence_index);
  if (value.is(Kind::kList))
    return list_attribute(value, name);
  if (value.sequence().grouped && name == "grouper")
    return value.items()[0];
  if (value.sequence().grouped && name == "list")
    return value.items()[1];
  return std::nullopt;
}

std::optional<Value> dict_attribute(const Value& value, std::string_view name) {
  if (name == "get")
    return bind_method(value, name, dict_get);
  if (name == "items")
    return bind_method(value, name, dict_view<DictView::Part::kItems>);
  if (name == "keys")
    return bind_method(value, name, dict_view<DictView::Part::kKeys>);
  if (name == "values")
    return bind_method(value, name, dict_view<DictView::Part::kValues>);
  if (name == "copy")
    return bind_method(value, name, copy);
  if (is_one_of(name, {"clear", "pop", "popitem", "setdefault", "update"}))
    return denied(value, name);
  if (name == "fromkeys")
    lack_method(value, name);
  return std::nullopt;
}

std::optional<Value> number_attribute(const Value& value, std::string_view name) {
  bool integral = value.is_integral();
  if (name == "real")
    return integral ? Value::integer(value.as_int()) : value;
  if (name == "imag")
    return integral ? Value::integer(0) : Value::real(0);
  if (integral && name == "numerator")
    return Value::integer(value.as_int());
  if (integral && name == "denominator")
    return Value::integer(1);
  if (!integral && name == "is_integer")
    return bind_method(value, name, is_integer);
  bool lacking = integral ? is_one_of(name, {"bit_length", "bit_count", "conjugate", "to_bytes",
                                             "from_bytes", "as_integer_ratio", "is_integer"})
                          : is_one_of(name, {"hex", "fromhex", "conjugate", "as_integer_ratio"});
  if (lacking)
    lack_method(value, name);
  return std::nullopt;
}

}  // namespace

std::optional<Value> find_attribute(Evaluation& evaluation, const Value& value,
                                    std::string_view name) {
  switch (value.kind()) {
  case Kind::kText:
    return text_attribute(value, name);
  case Kind::kList:
  case Kind::kTuple:
    return sequence_attribute(value, name);
  case Kind::kDict:
    return dict_attribute(value, name);
  case Kind::kBool:
  case Kind::kInt:
  case Kind::kFloat:
    return number_attribute(value, name);
  case Kind::kObject:
    return value.as_object()->attribute(evaluation, name);
  default:
    return std::nullopt;
  }
}

}  // namespace ashlar::jinja
