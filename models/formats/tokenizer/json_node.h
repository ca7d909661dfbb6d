// SPDX-License-Identifier: Apache-2.0
// A value inside a parsed JSON document together with the path that led to it, so that every
// complaint about tokenizer.json names the place. A node borrows the document. All accessors throw
// FormatError when the value is not what they are asked for.
#pragma once

#include "runtime/program/error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ashlar::tokenizer {

using Json = nlohmann::json;

class JsonNode {
public:
  JsonNode(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const Json& value() const { return *value_; }
  const std::string& path() const { return path_; }

  // Member `key` of an object, which must be there.
  JsonNode at(std::string_view key) const;

  // Member `key` of an object; absent and null count as the same.
  std::optional<JsonNode> find(std::string_view key) const;

  // Number of elements of an array.
  std::size_t size() const;
  JsonNode operator[](std::size_t index) const;

  const std::string& as_string() const;
  bool as_bool() const;
  // An integer in [0, limit).
  std::int64_t as_index(std::int64_t limit) const;
  // A string of exactly one character.
  char32_t as_character() const;

  bool bool_or(std::string_view key, bool fallback) const;
  std::string string_or(std::string_view key, std::string_view fallback) const;

  // Throws FormatError "PATH: expected WHAT, got ...".
  [[noreturn]] void fail(std::string_view expected) const;
  // Throws FormatError "PATH: MESSAGE".
  template <typename... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    throw FormatError("tokenizer", "{}: {}", path_,
                      fmt::format(format, std::forward<Args>(args)...));
  }

private:
  void expect_object() const;

  const Json* value_;
  std::string path_;
};

// The value as an integer in [0, limit), if it is one.
std::optional<std::int64_t> index_value(const Json& value, std::int64_t limit);

// Number of entries of a Sequence, at most 64.
std::size_t step_count(const JsonNode& list);

}  // namespace ashlar::tokenizer
