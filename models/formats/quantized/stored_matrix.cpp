// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/stored_matrix.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace ashlar::quantized {

static_assert(std::endian::native == std::endian::little, "stored tensors are little-endian");

StoredMatrix::StoredMatrix(const CheckpointTensor& tensor)
    : info_(tensor.info), data_(tensor.data().data()) {
  const Shape& shape = info_->shape;
  if (shape.rank() > 1)
    columns_ = shape.dim(-1);
  for (int axis = 0; axis < (shape.rank() > 1 ? shape.rank() - 1 : shape.rank()); ++axis)
    rows_ *= shape.dim(axis);
}

const StoredMatrix& StoredMatrix::require_type(StoredType type) const {
  if (info_->type != type)
    throw FormatError("model", "tensor {}: expected {}, got {}", in_quotes(name()), name_of(type),
                      name_of(info_->type));
  return *this;
}

const StoredMatrix& StoredMatrix::require_floats() const {
  const StoredType type = info_->type;
  if (type != StoredType::f32 && type != StoredType::f16 && type != StoredType::bf16)
    throw FormatError("model", "tensor {}: expected F32, F16 or BF16, got {}", in_quotes(name()),
                      name_of(type));
  return *this;
}

const StoredMatrix& StoredMatrix::require_matrix() const {
  if (shape().rank() < 2)
    throw FormatError("model", "tensor {}: expected a matrix, got {}", in_quotes(name()),
                      shape().to_string());
  return *this;
}

const StoredMatrix& StoredMatrix::require_shape(std::int64_t rows, std::int64_t columns) const {
  if (rows_ != rows || columns_ != columns)
    throw FormatError("model", "tensor {}: expected [{}, {}], got {}", in_quotes(name()), rows,
                      columns, shape().to_string());
  return *this;
}

template <typename Element>
Element StoredMatrix::element(std::int64_t row, std::int64_t column) const {
  Element value;
  std::memcpy(&value, data_ + (row * columns_ + column) * std::int64_t{sizeof value}, sizeof value);
  return value;
}

std::uint32_t StoredMatrix::word(std::int64_t row, std::int64_t word) const {
  std::uint32_t value;
  std::memcpy(&value, data_ + row * columns_ * bits_of(info_->type) / 8 + word * 4, sizeof value);
  return value;
}

std::uint8_t StoredMatrix::byte(std::int64_t row, std::int64_t column) const {
  return element<std::uint8_t>(row, column);
}

std::int64_t StoredMatrix::integer(std::int64_t row, std::int64_t column) const {
  switch (info_->type) {
  case StoredType::i8:
    return element<std::int8_t>(row, column);
  case StoredType::i32:
    return element<std::int32_t>(row, column);
  default:
    assert(info_->type == StoredType::i64);
    return element<std::int64_t>(row, column);
  }
}

float StoredMatrix::real(std::int64_t row, std::int64_t column) const {
  switch (info_->type) {
  case StoredType::f16:
    return f16_to_float(element<std::uint16_t>(row, column));
  case StoredType::bf16:
    return bf16_to_float(element<std::uint16_t>(row, column));
  default:
    assert(info_->type == StoredType::f32);
    return element<float>(row, column);
  }
}

}  // namespace ashlar::quantized
