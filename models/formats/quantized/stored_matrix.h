// SPDX-License-Identifier: Apache-2.0
// A tensor of a checkpoint as a matrix whose numbers are read one by one, at any alignment.
#pragma once

#include "models/formats/checkpoint.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ashlar::quantized {

// Borrows the checkpoint. Immutable and thread-safe.
class StoredMatrix {
public:
  // Leading axes are counted as rows; a vector is one column, a scalar one number.
  explicit StoredMatrix(const CheckpointTensor& tensor);

  const std::string& name() const { return info_->name; }
  StoredType type() const { return info_->type; }
  const Shape& shape() const { return info_->shape; }
  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  bool is_single() const { return rows_ == 1 && columns_ == 1; }

  // Throws FormatError, naming the tensor, unless it has this type, or one of 16- and 32-bit
  // floats.
  const StoredMatrix& require_type(StoredType type) const;
  const StoredMatrix& require_floats() const;
  // Throws FormatError unless it has two axes or more.
  const StoredMatrix& require_matrix() const;
  // Throws FormatError unless it is [rows, columns].
  const StoredMatrix& require_shape(std::int64_t rows, std::int64_t columns) const;

  // As u32: an element of a type of that size, or four bytes of a type of one byte, lowest first.
  std::uint32_t word(std::int64_t row, std::int64_t word) const;
  std::uint8_t byte(std::int64_t row, std::int64_t column) const;
  std::int64_t integer(std::int64_t row, std::int64_t column) const;
  // Of f32, f16 or bf16.
  float real(std::int64_t row, std::int64_t column) const;

private:
  template <typename Element> Element element(std::int64_t row, std::int64_t column) const;

  const TensorInfo* info_;
  const std::byte* data_;
  std::int64_t rows_ = 1;
  std::int64_t columns_ = 1;
};

}  // namespace ashlar::quantized
