// SPDX-License-Identifier: Apache-2.0
#include "ir/attributes.h"

#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

template <typename T> const T& require(const Attributes& attributes, std::string_view name) {
  const AttributeValue* value = attributes.find(name);
  if (!value || !std::holds_alternative<T>(*value))
    throw InvalidArgument("op", "attribute '{}' is {}", name,
                          value ? "of another kind" : "missing");
  return std::get<T>(*value);
}

}  // namespace

Attributes::Attributes(std::initializer_list<std::pair<std::string_view, AttributeValue>> values) {
  for (const auto& [name, value] : values)
    set(name, value);
}

void Attributes::set(std::string_view name, AttributeValue value) {
  auto it = std::ranges::find(values_, name,
                              [](const auto& entry) -> std::string_view { return entry.first; });
  if (it != values_.end())
    it->second = std::move(value);
  else
    values_.emplace_back(name, std::move(value));
}

const AttributeValue* Attributes::find(std::string_view name) const {
  auto it = std::ranges::find(values_, name,
                              [](const auto& entry) -> std::string_view { return entry.first; });
  return it == values_.end() ? nullptr : &it->second;
}

bool Attributes::boolean(std::string_view name) const {
  return require<bool>(*this, name);
}
std::int64_t Attributes::integer(std::string_view name) const {
  return require<std::int64_t>(*this, name);
}
double Attributes::real(std::string_view name) const {
  return require<double>(*this, name);
}
DType Attributes::dtype(std::string_view name) const {
  return require<DType>(*this, name);
}

const std::vector<std::int64_t>& Attributes::integers(std::string_view name) const {
  return require<std::vector<std::int64_t>>(*this, name);
}

}  // namespace ashlar
