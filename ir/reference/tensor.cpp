// SPDX-License-Identifier: Apache-2.0
#include "ir/reference/tensor.h"

#include "runtime/program/error.h"

#include <cstring>

namespace ashlar::reference {
namespace {

thread_local bool exact_reals = false;

template <typename T> T read_as(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <typename T> void write_as(std::byte* bytes, T value) {
  std::memcpy(bytes, &value, sizeof value);
}

double read_real(const std::byte* bytes, DType dtype) {
  switch (dtype) {
  case DType::f16:
    return f16_to_float(read_as<std::uint16_t>(bytes));
  case DType::bf16:
    return bf16_to_float(read_as<std::uint16_t>(bytes));
  default:
    return read_as<float>(bytes);
  }
}

std::int64_t read_integer(const std::byte* bytes, DType dtype) {
  std::int64_t value = 0;
  std::memcpy(&value, bytes, size_of(dtype));
  return wrap_to(value, dtype);
}

void write_real(std::byte* bytes, double value, DType dtype) {
  const auto f = static_cast<float>(value);
  switch (dtype) {
  case DType::f16:
    return write_as(bytes, float_to_f16(f));
  case DType::bf16:
    return write_as(bytes, float_to_bf16(f));
  default:
    return write_as(bytes, f);
  }
}

}  // namespace

Tensor::Tensor(ArrayType t) : type(std::move(t)) {
  const auto count = static_cast<std::size_t>(type.shape.element_count());
  if (is_real())
    reals.resize(count);
  else
    integers.resize(count);
}

Tensor Tensor::from_bytes(const ArrayType& type, std::span<const std::byte> bytes) {
  Tensor tensor(type);
  const std::size_t width = size_of(type.dtype);
  const auto count = static_cast<std::size_t>(tensor.size());
  if (bytes.size() != count * width)
    throw InvalidArgument("reference", "tensor data: expected {} bytes, got {}", count * width,
                          bytes.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (tensor.is_real())
      tensor.reals[i] = read_real(bytes.data() + i * width, type.dtype);
    else
      tensor.integers[i] = read_integer(bytes.data() + i * width, type.dtype);
  }
  return tensor;
}

std::vector<std::byte> Tensor::to_bytes() const {
  const std::size_t width = size_of(type.dtype);
  const auto count = static_cast<std::size_t>(size());
  std::vector<std::byte> bytes(count * width);
  for (std::size_t i = 0; i < count; ++i) {
    if (is_real())
      write_real(bytes.data() + i * width, reals[i], type.dtype);
    else
      std::memcpy(bytes.data() + i * width, &integers[i], width);
  }
  return bytes;
}

void Tensor::copy_element(std::int64_t to, const Tensor& source, std::int64_t from) {
  if (is_real())
    reals[static_cast<std::size_t>(to)] = source.reals[static_cast<std::size_t>(from)];
  else
    integers[static_cast<std::size_t>(to)] = source.integers[static_cast<std::size_t>(from)];
}

ExactReals::ExactReals() {
  exact_reals = true;
}

ExactReals::~ExactReals() {
  exact_reals = false;
}

double round_to(double value, DType dtype) {
  if (exact_reals && dtype == DType::f32)
    return value;
  const auto f = static_cast<float>(value);
  switch (dtype) {
  case DType::f16:
    return f16_to_float(float_to_f16(f));
  case DType::bf16:
    return bf16_to_float(float_to_bf16(f));
  default:
    return f;
  }
}

std::int64_t wrap_to(std::int64_t value, DType dtype) {
  switch (dtype) {
  case DType::boolean:
    return value != 0;
  case DType::u8:
    return static_cast<std::uint8_t>(value);
  case DType::u16:
    return static_cast<std::uint16_t>(value);
  case DType::u32:
    return static_cast<std::uint32_t>(value);
  case DType::i8:
    return static_cast<std::int8_t>(value);
  case DType::i16:
    return static_cast<std::int16_t>(value);
  case DType::i32:
    return static_cast<std::int32_t>(value);
  default:
    return value;
  }
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(static_cast<std::size_t>(shape.rank()), 1);
  for (std::size_t i = strides.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape.dims()[i];
  return strides;
}

}  // namespace ashlar::reference
