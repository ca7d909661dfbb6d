// SPDX-License-Identifier: Apache-2.0
#include "models/formats/json_fields.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

namespace ashlar {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kUnit = "config";

std::string described(const Json& value) {
  if (value.is_string())
    return in_quotes(value.get_ref<const std::string&>(), 40);
  return value.is_structured() ? value.type_name() : value.dump();
}

bool is_in(const Json& value, IntegerRange range) {
  if (value.is_number_unsigned())
    return std::cmp_less_equal(value.get<std::uint64_t>(), range.max) &&
           std::cmp_greater_equal(value.get<std::uint64_t>(), range.min);
  return value.is_number_integer() && value.get<std::int64_t>() >= range.min &&
         value.get<std::int64_t>() <= range.max;
}

std::string described(IntegerRange range) {
  return fmt::format("an integer in [{}, {}]", range.min, range.max);
}

}  // namespace

JsonFields::JsonFields(const Json& object, std::string where)
    : object_(&object), where_(std::move(where)) {
  if (!object.is_object())
    throw FormatError(kUnit, "{}: expected an object, got {}", where_, described(object));
}

std::vector<std::string> JsonFields::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object_->items())
    keys.push_back(key);
  return keys;
}

bool JsonFields::contains(std::string_view key) const {
  return object_->contains(key);
}

bool JsonFields::is_set(std::string_view key) const {
  const Json* value = find(key);
  return value && *value != false;
}

const Json* JsonFields::find(std::string_view key) const {
  const auto it = object_->find(key);
  return it == object_->end() || it->is_null() ? nullptr : &*it;
}

void JsonFields::fail(std::string_view key, std::string_view expected) const {
  const Json* value = find(key);
  throw FormatError(kUnit, "{}: {}: expected {}, got {}", where_, key, expected,
                    value ? described(*value) : "nothing");
}

std::optional<std::int64_t> JsonFields::integer(std::string_view key, IntegerRange range) const {
  const Json* value = find(key);
  if (!value)
    return std::nullopt;
  if (!is_in(*value, range))
    fail(key, described(range));
  return value->get<std::int64_t>();
}

std::optional<double> JsonFields::number(std::string_view key) const {
  const Json* value = find(key);
  if (!value)
    return std::nullopt;
  if (!value->is_number() || !std::isfinite(value->get<double>()))
    fail(key, "a finite number");
  return value->get<double>();
}

std::optional<double> JsonFields::positive_number(std::string_view key) const {
  const auto value = number(key);
  if (value && *value <= 0)
    fail(key, "a number above 0");
  return value;
}

std::optional<NumberInterval> JsonFields::interval(std::string_view key) const {
  const Json* value = find(key);
  if (!value)
    return std::nullopt;
  const Json infinite = {{"__float__", "Infinity"}};
  const auto is_finite = [](const Json& end) {
    return end.is_number() && std::isfinite(end.get<double>());
  };
  if (!value->is_array() || value->size() != 2 || !is_finite((*value)[0]))
    fail(key, "two numbers");
  const Json &low = (*value)[0], &high = (*value)[1];
  if (high.is_null() || high == infinite)
    return NumberInterval{low.get<double>(), std::nullopt};
  if (!is_finite(high) || high.get<double>() < low.get<double>())
    fail(key, "two numbers in order");
  return NumberInterval{low.get<double>(), high.get<double>()};
}

std::optional<bool> JsonFields::flag(std::string_view key) const {
  const Json* value = find(key);
  if (!value)
    return std::nullopt;
  if (!value->is_boolean())
    fail(key, "true or false");
  return value->get<bool>();
}

std::optional<std::string> JsonFields::text(std::string_view key) const {
  const Json* value = find(key);
  if (!value)
    return std::nullopt;
  if (!value->is_string())
    fail(key, "a string");
  return value->get<std::string>();
}

std::optional<std::vector<std::string>> JsonFields::texts(std::string_view key) const {
  const Json* value = find(key);
  if (!value)
    return std::nullopt;
  if (!value->is_array())
    fail(key, "a list of strings");
  std::vector<std::string> list;
  for (const Json& item : *value) {
    if (!item.is_string())
      fail(key, "a list of strings");
    list.push_back(item.get<std::string>());
  }
  return list;
}

std::optional<std::vector<std::int64_t>> JsonFields::integers(std::string_view key,
                                                              IntegerRange range) const {
  const Json* value = find(key);
  if (!value)
    return std::nullopt;
  const Json::array_t single = {*value};
  const auto& items = value->is_array() ? value->get_ref<const Json::array_t&>() : single;
  std::vector<std::int64_t> list;
  for (const Json& item : items) {
    if (!is_in(item, range))
      fail(key, described(range) + " or a list of them");
    list.push_back(item.get<std::int64_t>());
  }
  return list;
}

std::optional<JsonFields> JsonFields::object(std::string_view key) const {
  const Json* value = find(key);
  if (!value)
    return std::nullopt;
  return JsonFields(*value, fmt::format("{}: {}", where_, key));
}

}  // namespace ashlar
