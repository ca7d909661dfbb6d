// SPDX-License-Identifier: Apache-2.0
// Checked access to the fields of a JSON object whose schema somebody else may have broken.
//
// A getter returns nothing when the key is absent or null, and throws FormatError, naming file and
// key, when the value has the wrong type or lies outside the range.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

struct IntegerRange {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

struct NumberInterval {
  double low = 0;
  std::optional<double> high;  // nothing: infinite
};

class JsonFields {
public:
  // `object` must live as long as this; `where` names it in messages. Throws FormatError unless it
  // is an object.
  JsonFields(const nlohmann::json& object, std::string where);

  const std::string& where() const { return where_; }
  std::vector<std::string> keys() const;
  // With the value null counted as present.
  bool contains(std::string_view key) const;
  // Neither absent nor null nor false.
  bool is_set(std::string_view key) const;

  std::optional<std::int64_t> integer(std::string_view key, IntegerRange range) const;
  // Finite; an integer will do.
  std::optional<double> number(std::string_view key) const;
  std::optional<double> positive_number(std::string_view key) const;
  // A list of two numbers in order. The upper one may be null or {"__float__": "Infinity"}, which
  // JSON has no number for.
  std::optional<NumberInterval> interval(std::string_view key) const;
  std::optional<bool> flag(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  std::optional<std::vector<std::string>> texts(std::string_view key) const;
  // A list of integers, or a single one.
  std::optional<std::vector<std::int64_t>> integers(std::string_view key, IntegerRange range) const;
  std::optional<JsonFields> object(std::string_view key) const;

  [[noreturn]] void fail(std::string_view key, std::string_view expected) const;

private:
  const nlohmann::json* find(std::string_view key) const;

  const nlohmann::json* object_;
  std::string where_;
};

}  // namespace ashlar
