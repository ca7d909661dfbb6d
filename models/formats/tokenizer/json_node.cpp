// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/json_node.h"

#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/in_quotes.h"

namespace ashlar::tokenizer {
namespace {

constexpr std::size_t kMaxSteps = 64;

std::string describe(const Json& value) {
  if (value.is_string())
    return in_quotes(value.get_ref<const std::string&>());
  if (value.is_number() || value.is_boolean())
    return value.dump();
  return value.type_name();
}

}  // namespace

void JsonNode::fail(std::string_view expected) const {
  throw FormatError("tokenizer", "{}: expected {}, got {}", path_, expected, describe(*value_));
}

void JsonNode::expect_object() const {
  if (!value_->is_object())
    fail("an object");
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  expect_object();
  const auto member = value_->find(key);
  if (member == value_->end() || member->is_null())
    return std::nullopt;
  return JsonNode(*member, fmt::format("{}.{}", path_, key));
}

JsonNode JsonNode::at(std::string_view key) const {
  const auto member = find(key);
  if (!member)
    reject("\"{}\" is missing", key);
  return *member;
}

std::size_t JsonNode::size() const {
  if (!value_->is_array())
    fail("an array");
  return value_->size();
}

JsonNode JsonNode::operator[](std::size_t index) const {
  return JsonNode((*value_)[index], fmt::format("{}[{}]", path_, index));
}

const std::string& JsonNode::as_string() const {
  if (!value_->is_string())
    fail("a string");
  return value_->get_ref<const std::string&>();
}

bool JsonNode::as_bool() const {
  if (!value_->is_boolean())
    fail("true or false");
  return value_->get<bool>();
}

std::int64_t JsonNode::as_index(std::int64_t limit) const {
  const auto index = index_value(*value_, limit);
  if (!index)
    fail(fmt::format("an integer from 0 to {}", limit - 1));
  return *index;
}

char32_t JsonNode::as_character() const {
  const std::string& text = as_string();
  std::size_t offset = 0;
  const char32_t character = text.empty() ? 0 : next_code_point(text, offset);
  if (text.empty() || offset != text.size())
    fail("a string of one character");
  return character;
}

bool JsonNode::bool_or(std::string_view key, bool fallback) const {
  const auto member = find(key);
  return member ? member->as_bool() : fallback;
}

std::string JsonNode::string_or(std::string_view key, std::string_view fallback) const {
  const auto member = find(key);
  return member ? member->as_string() : std::string(fallback);
}

std::optional<std::int64_t> index_value(const Json& value, std::int64_t limit) {
  if (!value.is_number_integer())
    return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() >= std::uint64_t(limit))
    return std::nullopt;
  const auto index = value.get<std::int64_t>();
  if (index < 0 || index >= limit)
    return std::nullopt;
  return index;
}

std::size_t step_count(const JsonNode& list) {
  if (list.size() > kMaxSteps)
    list.reject("{} steps: at most {} are allowed", list.size(), kMaxSteps);
  return list.size();
}

}  // namespace ashlar::tokenizer
