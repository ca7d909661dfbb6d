// SPDX-License-Identifier: Apache-2.0
// Lazy arrays. An Array is a cheap value that names a node of a graph; building operations runs
// nothing. Reading a value evaluates what it needs (runtime/array/eval.h); host reads always see
// elements in row-major logical order.
//
// Thread-safety: arrays may be built, copied and evaluated from any thread; one Array object must
// not be assigned while another thread uses it.
#pragma once

#include "ir/graph.h"
#include "runtime/array/index.h"

#include <concepts>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ashlar {

// A host number. In an operation with an array it takes the array's element type, except that a
// real number makes integers f32, and an integer makes booleans i32.
using Scalar = std::variant<bool, std::int64_t, double>;

template <typename T>
concept HostNumber = std::integral<T> || std::floating_point<T>;

// Host types that hold the elements of an array: bool, the integers, float.
template <typename T>
concept Element = std::same_as<T, bool> || std::same_as<T, float> ||
                  (std::integral<T> && !std::same_as<T, char> && sizeof(T) <= 8);

template <Element T> constexpr DType dtype_of();

class Array {
public:
  explicit Array(NodeRef node) : node_(std::move(node)) {}

  const Shape& shape() const { return node_->type().shape; }
  DType dtype() const { return node_->type().dtype; }
  const ArrayType& type() const { return node_->type(); }
  int rank() const { return shape().rank(); }
  // Negative axes count from the back; throws InvalidArgument outside the rank.
  std::int64_t dim(int axis) const { return shape().dim(axis); }
  std::int64_t size() const { return shape().element_count(); }
  const NodeRef& node() const { return node_; }

  // x(2), x(Slice(1, 5), kNewAxis), x(kEllipsis, Slice().by(-1)): basic indexing as in NumPy.
  // Throws as `index` in runtime/array/indexing.h, which takes any number of positions.
  Array operator()(const Index& a, const Index& b = {}, const Index& c = {}, const Index& d = {},
                   const Index& e = {}) const;

  Array astype(DType dtype, std::source_location where = std::source_location::current()) const;

  // Evaluate and copy to the host. T must be the host type of the dtype; f16 and bf16 read as
  // float. `item` wants exactly one element. Throws InvalidArgument otherwise.
  template <Element T> T item() const;
  template <Element T> std::vector<T> to_vector() const;
  // Evaluated contents in the array's own dtype.
  std::vector<std::byte> to_bytes() const;
  // NumPy-like: nested brackets, at most `edge_items` at each end of a long axis.
  std::string to_string(int edge_items = 3) const;

private:
  NodeRef node_;
};

// What a front-end function takes where it wants an array: an array or a number, and the line of
// code that passed it.
class Operand {
public:
  Operand(const Array& array, std::source_location where = std::source_location::current())
      : value_(array), where_(where) {}
  template <HostNumber T>
  Operand(T value, std::source_location where = std::source_location::current())
      : value_(to_scalar(value)), where_(where) {}

  bool is_scalar() const { return std::holds_alternative<Scalar>(value_); }
  const Scalar& scalar() const { return std::get<Scalar>(value_); }
  // A lone number becomes a 0-d array: bool, i32 or f32.
  Array array() const;
  std::source_location where() const { return where_; }

private:
  template <HostNumber T> static Scalar to_scalar(T value) {
    if constexpr (std::same_as<T, bool>)
      return value;
    else if constexpr (std::integral<T>)
      return static_cast<std::int64_t>(value);
    else
      return static_cast<double>(value);
  }

  std::variant<Array, Scalar> value_;
  std::source_location where_;
};

// Builds one operation of the table: operands must already have the types that its rule asks for.
// Throws InvalidArgument as infer_type does, with the scope in the message.
Array apply(OpKind kind, std::vector<Array> operands, Attributes attributes = {});

std::ostream& operator<<(std::ostream& stream, const Array& array);

template <Element T> constexpr DType dtype_of() {
  if constexpr (std::same_as<T, bool>)
    return DType::boolean;
  else if constexpr (std::same_as<T, float>)
    return DType::f32;
  else if constexpr (std::signed_integral<T>)
    return sizeof(T) == 1   ? DType::i8
           : sizeof(T) == 2 ? DType::i16
           : sizeof(T) == 4 ? DType::i32
                            : DType::i64;
  else
    return sizeof(T) == 1   ? DType::u8
           : sizeof(T) == 2 ? DType::u16
           : sizeof(T) == 4 ? DType::u32
                            : DType::u64;
}

}  // namespace ashlar
