// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/fields.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <utility>

namespace ashlar::gguf {
namespace {

template <typename T> constexpr bool kIsInteger = std::integral<T> && !std::same_as<T, bool>;

bool is_in(auto value, IntegerRange range) {
  return std::cmp_greater_equal(value, range.min) && std::cmp_less_equal(value, range.max);
}

// What the author of a 32-bit float wrote, as far as one can tell: 1e-6, not 9.99999997e-7.
double shortest_decimal(float number) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  double decimal = 0;
  std::from_chars(text.data(), end, decimal);
  return decimal;
}

std::string described(IntegerRange range) {
  return fmt::format("expected integers from {} to {}", range.min, range.max);
}

}  // namespace

Fields Fields::operator/(std::string_view prefix) const {
  Fields below = *this;
  below.prefix_ = fmt::format("{}{}.", prefix_, prefix);
  return below;
}

const Value* Fields::find(std::string_view key) const {
  const auto found = metadata_->find(prefix_ + std::string(key));
  return found == metadata_->end() ? nullptr : &found->second;
}

void Fields::fail(std::string_view key, std::string_view problem) const {
  throw FormatError("gguf", "{}: metadata {}: {}", where_, in_quotes(prefix_ + std::string(key)),
                    problem);
}

std::optional<std::int64_t> Fields::integer(std::string_view key, IntegerRange range) const {
  const Value* value = find(key);
  if (!value)
    return std::nullopt;
  return std::visit(
      [&]<typename T>(const T& number) -> std::int64_t {
        if constexpr (kIsInteger<T>)
          if (is_in(number, range))
            return static_cast<std::int64_t>(number);
        fail(key, described(range));
      },
      *value);
}

std::int64_t Fields::size(std::string_view key) const {
  const auto value = integer(key, kAnySize);
  if (!value)
    fail(key, "expected a number above 0, got nothing");
  return *value;
}

std::optional<double> Fields::number(std::string_view key) const {
  const Value* value = find(key);
  if (!value)
    return std::nullopt;
  return std::visit(
      [&]<typename T>(const T& number) -> double {
        if constexpr (kIsInteger<T> || std::floating_point<T>)
          if (std::isfinite(static_cast<double>(number))) {
            if constexpr (std::same_as<T, float>)
              return shortest_decimal(number);
            return static_cast<double>(number);
          }
        fail(key, "expected a finite number");
      },
      *value);
}

std::optional<double> Fields::positive_number(std::string_view key) const {
  const auto value = number(key);
  if (value && *value <= 0)
    fail(key, "expected a number above 0");
  return value;
}

std::optional<bool> Fields::flag(std::string_view key) const {
  const Value* value = find(key);
  if (!value)
    return std::nullopt;
  if (const bool* flag = std::get_if<bool>(value))
    return *flag;
  fail(key, "expected a boolean");
}

const std::string* Fields::text(std::string_view key) const {
  const Value* value = find(key);
  if (!value)
    return nullptr;
  if (const auto* text = std::get_if<std::string>(value))
    return text;
  fail(key, "expected text");
}

template <typename T>
const T* Fields::find_list(std::string_view key, std::string_view expected) const {
  const Value* value = find(key);
  if (!value)
    return nullptr;
  if (const Array* array = std::get_if<Array>(value))
    if (const T* list = std::get_if<T>(array))
      return list;
  fail(key, expected);
}

const std::vector<std::string>* Fields::texts(std::string_view key) const {
  return find_list<std::vector<std::string>>(key, "expected an array of texts");
}

const std::vector<float>* Fields::floats(std::string_view key) const {
  return find_list<std::vector<float>>(key, "expected an array of 32-bit floats");
}

std::optional<std::string> Fields::bytes(std::string_view key) const {
  const Value* value = find(key);
  if (!value)
    return std::nullopt;
  if (const Array* array = std::get_if<Array>(value)) {
    if (const auto* list = std::get_if<std::vector<std::uint8_t>>(array))
      return std::string(list->begin(), list->end());
    if (const auto* list = std::get_if<std::vector<std::int8_t>>(array))
      return std::string(list->begin(), list->end());
  }
  fail(key, "expected an array of bytes");
}

std::optional<std::vector<bool>> Fields::flags(std::string_view key, std::size_t count) const {
  const Value* value = find(key);
  if (!value || !std::holds_alternative<Array>(*value))
    return std::nullopt;
  const auto* list = find_list<std::vector<bool>>(key, "expected an array of booleans");
  if (list->size() != count)
    fail(key, fmt::format("expected {} entries, got {}", count, list->size()));
  return *list;
}

std::optional<std::vector<std::int64_t>> Fields::integers(std::string_view key, IntegerRange range,
                                                          std::size_t count) const {
  const Value* value = find(key);
  if (!value)
    return std::nullopt;
  const Array* array = std::get_if<Array>(value);
  if (!array)
    return std::vector<std::int64_t>(count, *integer(key, range));
  return std::visit(
      [&]<typename List>(const List& list) -> std::vector<std::int64_t> {
        if constexpr (requires { requires kIsInteger<typename List::value_type>; }) {
          if (list.size() != count)
            fail(key, fmt::format("expected {} entries, got {}", count, list.size()));
          std::vector<std::int64_t> integers;
          for (const auto number : list) {
            if (!is_in(number, range))
              fail(key, described(range));
            integers.push_back(static_cast<std::int64_t>(number));
          }
          return integers;
        } else {
          fail(key, described(range));
        }
      },
      *array);
}

}  // namespace ashlar::gguf
