// SPDX-License-Identifier: Apache-2.0
// Shapes: dimension lists with checked size arithmetic. A 0-d shape has one element.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace ashlar {

// Products that would pass 2^63-1 are reported, never wrapped: sizes come from untrusted files.
std::optional<std::int64_t> checked_mul(std::int64_t a, std::int64_t b);
std::optional<std::int64_t> checked_add(std::int64_t a, std::int64_t b);

class Shape {
public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<std::int64_t> dims) : dims_(std::move(dims)) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  // Negative axes count from the back, as in NumPy. Throws InvalidArgument outside [-rank, rank).
  std::int64_t dim(int axis) const;
  const std::vector<std::int64_t>& dims() const { return dims_; }
  // Throws InvalidArgument when the product passes 2^63-1.
  std::int64_t element_count() const;
  std::string to_string() const;  // "[2, 3]"

  bool operator==(const Shape&) const = default;

private:
  std::vector<std::int64_t> dims_;
};

// The non-negative form of `axis`; throws InvalidArgument outside [-rank, rank).
int normalize_axis(int axis, int rank);

// NumPy broadcasting; throws InvalidArgument when the shapes do not agree.
Shape broadcast_shapes(const Shape& a, const Shape& b);

}  // namespace ashlar
