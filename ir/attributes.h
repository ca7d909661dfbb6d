// SPDX-License-Identifier: Apache-2.0
// Attributes of array operations as plain values, shared by the lazy front end and the dialect.
// Free of MLIR.
#pragma once

#include "runtime/program/dtype.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ashlar {

using AttributeValue = std::variant<bool, std::int64_t, double, DType, std::string,
                                    std::vector<std::int64_t>, std::vector<std::string>>;

// A few named values; ops have at most a handful, so lookup is linear.
class Attributes {
public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<std::string_view, AttributeValue>> values);

  void set(std::string_view name, AttributeValue value);
  const AttributeValue* find(std::string_view name) const;

  // Throw InvalidArgument when the attribute is absent or of another kind.
  bool boolean(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  DType dtype(std::string_view name) const;
  const std::vector<std::int64_t>& integers(std::string_view name) const;

  const std::vector<std::pair<std::string, AttributeValue>>& values() const { return values_; }
  bool operator==(const Attributes&) const = default;

private:
  std::vector<std::pair<std::string, AttributeValue>> values_;
};

}  // namespace ashlar
