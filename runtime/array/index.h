// SPDX-License-Identifier: Apache-2.0
// What stands between the parentheses of x(...): positions, slices, new axes, the ellipsis.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <source_location>
#include <variant>

namespace ashlar {

// start:stop:step with Python's meaning: negative bounds count from the end, bounds beyond the axis
// are cut to it, an absent bound is the end that the step comes from or goes to.
class Slice {
public:
  Slice() = default;
  Slice(std::optional<std::int64_t> start, std::optional<std::int64_t> stop)
      : start_(start), stop_(stop) {}
  // Throws InvalidArgument for step 0.
  Slice by(std::int64_t step) const;

  struct Range {
    std::int64_t start, size, step;
  };
  Range resolve(std::int64_t extent) const;

private:
  std::optional<std::int64_t> start_, stop_;
  std::int64_t step_ = 1;
};

struct NewAxis {};
struct Ellipsis {};
inline constexpr NewAxis kNewAxis;    // a new axis of size 1
inline constexpr Ellipsis kEllipsis;  // as many whole axes as are not mentioned
inline constexpr std::nullopt_t kEnd = std::nullopt;

// One position of x(...): a number (removes the axis), a slice, a new axis or the ellipsis.
class Index {
public:
  Index() = default;  // no position: what operator() has beyond its last argument
  template <std::integral T>
  Index(T position, std::source_location where = std::source_location::current())
      : value_(static_cast<std::int64_t>(position)), where_(where) {}
  Index(const Slice& slice, std::source_location where = std::source_location::current())
      : value_(slice), where_(where) {}
  Index(NewAxis axis, std::source_location where = std::source_location::current())
      : value_(axis), where_(where) {}
  Index(Ellipsis rest, std::source_location where = std::source_location::current())
      : value_(rest), where_(where) {}

  using Value = std::variant<std::monostate, std::int64_t, Slice, NewAxis, Ellipsis>;
  const Value& value() const { return value_; }
  std::source_location where() const { return where_; }

private:
  Value value_;
  std::source_location where_;
};

}  // namespace ashlar
