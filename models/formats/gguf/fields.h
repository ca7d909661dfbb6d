// SPDX-License-Identifier: Apache-2.0
// Checked access to metadata, as JsonFields for JSON: a getter returns nothing when the key is
// absent, and throws FormatError, naming file and key, when the value has the wrong type or lies
// outside the range. All integer types will do for integers, and they and floats for numbers.
#pragma once

#include "models/formats/gguf/value.h"
#include "models/formats/json_fields.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::gguf {

// Sizes and counts of a model.
inline constexpr IntegerRange kAnySize{1, std::int64_t{1} << 31};

class Fields {
public:
  // `metadata` must live as long as this; `where` names the file in messages.
  Fields(const Metadata& metadata, std::string where)
      : metadata_(&metadata), where_(std::move(where)) {}

  // The keys below `prefix` and a dot: the getters then take what follows.
  Fields operator/(std::string_view prefix) const;

  const std::string& where() const { return where_; }
  bool contains(std::string_view key) const { return find(key) != nullptr; }

  std::optional<std::int64_t> integer(std::string_view key, IntegerRange range) const;
  // A size that must be there.
  std::int64_t size(std::string_view key) const;
  // Finite. Of a 32-bit float, the shortest decimal number that rounds to it.
  std::optional<double> number(std::string_view key) const;
  std::optional<double> positive_number(std::string_view key) const;
  std::optional<bool> flag(std::string_view key) const;
  // Valid as long as the metadata.
  const std::string* text(std::string_view key) const;
  const std::vector<std::string>* texts(std::string_view key) const;
  // A list, or one number for all `count` entries.
  std::optional<std::vector<std::int64_t>> integers(std::string_view key, IntegerRange range,
                                                    std::size_t count) const;
  // A list of `count` booleans; nothing for a single value, too.
  std::optional<std::vector<bool>> flags(std::string_view key, std::size_t count) const;
  // A list of 8-bit integers.
  std::optional<std::string> bytes(std::string_view key) const;
  // A list of f32.
  const std::vector<float>* floats(std::string_view key) const;

  [[noreturn]] void fail(std::string_view key, std::string_view problem) const;

private:
  const Value* find(std::string_view key) const;
  template <typename T> const T* find_list(std::string_view key, std::string_view expected) const;

  const Metadata* metadata_;
  std::string where_;
  std::string prefix_;
};

}  // namespace ashlar::gguf
