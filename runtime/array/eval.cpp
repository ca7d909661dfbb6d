// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/eval.h"

#include "runtime/array/context.h"
#include "runtime/array/donation.h"
#include "runtime/program/error.h"

#include <cstring>

namespace ashlar {
namespace {

template <Element T> std::vector<T> elements_as(const Array& array) {
  const std::vector<std::byte> bytes = array.to_bytes();
  std::vector<T> values(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = value;
  }
  return values;
}

// f16 and bf16 have no host type of their own.
std::vector<float> halves_as_floats(const Array& array) {
  std::vector<float> values;
  for (std::uint16_t half : elements_as<std::uint16_t>(array))
    values.push_back(array.dtype() == DType::f16 ? f16_to_float(half) : bf16_to_float(half));
  return values;
}

template <Element T> void check_host_type(const Array& array) {
  if (array.dtype() != dtype_of<T>())
    throw InvalidArgument("array", "elements are {}, not {}: convert with astype first",
                          name_of(array.dtype()), name_of(dtype_of<T>()));
}

}  // namespace

void async_eval(const std::vector<Array>& arrays) {
  Context::instance().evaluate(arrays);
}

void eval(const std::vector<Array>& arrays) {
  async_eval(arrays);
  for (const Array& array : arrays)
    Context::of(*array.node()->value()).synchronize();
}

std::vector<std::byte> Array::to_bytes() const {
  require_kept(*node_);
  if (node_->data())
    return *node_->data();
  return Context::instance().read(*this);
}

template <Element T> std::vector<T> Array::to_vector() const {
  if constexpr (std::same_as<T, float>)
    if (dtype() == DType::f16 || dtype() == DType::bf16)
      return halves_as_floats(*this);
  check_host_type<T>(*this);
  return elements_as<T>(*this);
}

template <Element T> T Array::item() const {
  if (size() != 1)
    throw InvalidArgument("array", "item: expected one element, got {}", shape().to_string());
  return to_vector<T>()[0];
}

#define ASHLAR_HOST_TYPE(T)                                                                        \
  template std::vector<T> Array::to_vector<T>() const;                                             \
  template T Array::item<T>() const;
ASHLAR_HOST_TYPE(bool)
ASHLAR_HOST_TYPE(float)
ASHLAR_HOST_TYPE(std::int8_t)
ASHLAR_HOST_TYPE(std::int16_t)
ASHLAR_HOST_TYPE(std::int32_t)
ASHLAR_HOST_TYPE(std::int64_t)
ASHLAR_HOST_TYPE(std::uint8_t)
ASHLAR_HOST_TYPE(std::uint16_t)
ASHLAR_HOST_TYPE(std::uint32_t)
ASHLAR_HOST_TYPE(std::uint64_t)
#undef ASHLAR_HOST_TYPE

}  // namespace ashlar
