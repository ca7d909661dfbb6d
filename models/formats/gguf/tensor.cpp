// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/tensor.h"

#include "models/formats/gguf/affine_block.h"
#include "models/formats/gguf/decode.h"
#include "models/formats/gguf/k_blocks.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ashlar::gguf {
namespace {

template <typename T> void put(std::span<std::byte> out, std::size_t index, T value) {
  std::memcpy(out.data() + index * sizeof value, &value, sizeof value);
}

// Numbers of `bits` bits, lowest first, as bytes; whole bytes come out.
void pack(std::span<const std::uint8_t> numbers, std::int64_t bits, std::span<std::byte> out) {
  std::uint32_t pending = 0;
  std::int64_t count = 0;
  std::size_t at = 0;
  for (const std::uint8_t number : numbers) {
    pending |= std::uint32_t{number} << count;
    for (count += bits; count >= 8; count -= 8, pending >>= 8)
      out[at++] = static_cast<std::byte>(pending);
  }
}

// The bytes of 16 4-bit numbers: files have the first 16 of a block in the lower halves, folders
// neighbours in one byte.
void pair_up(std::span<const std::byte> stored, std::span<std::byte> out) {
  const auto number = [&](std::size_t i) {
    return stored[i % 16] >> (i < 16 ? 0 : 4) & std::byte{15};
  };
  for (std::size_t i = 0; i < 16; ++i)
    out[i] = number(2 * i) | number(2 * i + 1) << 4;
}

float meaning(StoredAs stored, float x) {
  switch (stored) {
  case StoredAs::itself:
    return x;
  case StoredAs::one_more:
    return x - 1;
  case StoredAs::negative_exponential:
    return std::log(-x);
  }
  __builtin_unreachable();
}

// A row lies along the last axis of what is stored; of a vector, each element is one.
class Rows {
public:
  explicit Rows(const Tensor& tensor) : tensor_(tensor), data_(tensor.stored.data()) {
    const Shape& stored = tensor.stored.info->shape;
    stored_count_ = stored.element_count();
    if (stored.rank() >= 2)
      stored_count_ /= stored.dim(-1);
    const std::int64_t count = tensor.rows ? tensor.rows->count(stored_count_) : stored_count_;
    stored_row_ = data_.size() / static_cast<std::size_t>(stored_count_);
    row_ = static_cast<std::size_t>(tensor.shape.element_count() / count) * size_of(tensor.dtype);
  }

  std::size_t row_bytes() const { return row_; }
  bool are_copies() const {
    return are_stored_numbers() && tensor_.head_rows == 0 && !tensor_.rows && !tensor_.columns;
  }

  void read(std::uint64_t row, std::span<std::byte> out) const {
    const auto stored =
        data_.subspan(stored_index(static_cast<std::int64_t>(row)) * stored_row_, stored_row_);
    if (tensor_.part == Part::plain)
      read_plain(stored, out);
    else
      read_blocks(stored, out);
  }

private:
  bool are_stored_numbers() const {
    return tensor_.part == Part::plain && tensor_.stored_as == StoredAs::itself &&
           tensor_.stored.info->type != BlockType::f64;
  }

  std::size_t stored_index(std::int64_t row) const {
    if (tensor_.rows)
      row = tensor_.rows->stored_row(row, stored_count_);
    const std::int64_t rows = tensor_.head_rows;
    if (rows == 0)
      return static_cast<std::size_t>(row);
    const std::int64_t i = row % rows, half = rows / 2;
    return static_cast<std::size_t>(row - i + 2 * (i % half) + i / half);
  }

  void read_plain(std::span<const std::byte> stored, std::span<std::byte> out) const {
    if (are_stored_numbers()) {
      copy_columns(stored, out);
      return;
    }
    std::vector<float> values(out.size() / sizeof(float));
    decode(tensor_.stored.info->type, stored, values);
    for (std::size_t i = 0; i < values.size(); ++i)
      put(out, i, meaning(tensor_.stored_as, values[stored_column(i, values.size())]));
  }

  void copy_columns(std::span<const std::byte> stored, std::span<std::byte> out) const {
    if (!tensor_.columns) {
      std::ranges::copy(stored, out.begin());
      return;
    }
    const std::size_t size = size_of(tensor_.dtype), columns = out.size() / size;
    for (std::size_t i = 0; i < columns; ++i)
      std::ranges::copy(stored.subspan(stored_column(i, columns) * size, size),
                        out.subspan(i * size, size).begin());
  }

  std::size_t stored_column(std::size_t column, std::size_t columns) const {
    return tensor_.columns
               ? static_cast<std::size_t>(tensor_.columns->stored_row(
                     static_cast<std::int64_t>(column), static_cast<std::int64_t>(columns)))
               : column;
  }

  void read_blocks(std::span<const std::byte> stored, std::span<std::byte> out) const {
    const auto bytes = static_cast<std::size_t>(block_bytes(tensor_.stored.info->type));
    const std::size_t blocks = stored.size() / bytes,
                      step = out.size() / std::max<std::size_t>(blocks, 1);
    for (std::size_t i = 0; i < blocks; ++i)
      read_block(stored.subspan(i * bytes, bytes), out.subspan(i * step, step));
  }

  void read_block(std::span<const std::byte> stored, std::span<std::byte> out) const {
    if (tensor_.part == Part::mxfp4_scales) {
      out[0] = stored[0];
      return;
    }
    if (tensor_.part == Part::k_scales)
      return pack_k_scales(tensor_.stored.info->type, BlockReader(stored), out);
    if (tensor_.part == Part::mxfp4_blocks)
      return pair_up(stored.subspan(1), out);
    const BlockType type = tensor_.stored.info->type;
    const AffineEncoding encoding = affine_form(type)->encoding;
    const auto numbers = static_cast<std::size_t>(block_elements(type)),
               groups = numbers / static_cast<std::size_t>(encoding.group_size);
    AffineBlock block;
    unpack(type, stored, block);
    if (tensor_.part == Part::packed)
      pack(std::span(block.numbers).first(numbers), encoding.bits, out);
    else
      put_floats(
          std::span(tensor_.part == Part::scales ? block.scales : block.biases).first(groups), out);
  }

  void put_floats(std::span<const float> values, std::span<std::byte> out) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float value = values[i];
      if (tensor_.dtype == DType::f32)
        put(out, i, value);
      else if (tensor_.dtype == DType::f16)
        put(out, i, in_range(float_to_f16(value), f16_to_float));
      else
        put(out, i, in_range(float_to_bf16(value), bf16_to_float));
    }
  }

  std::uint16_t in_range(std::uint16_t bits, float (*to_float)(std::uint16_t)) const {
    if (!std::isfinite(to_float(bits)))
      throw FormatError("gguf", "{}: tensor {}: a scale passes the range of {}",
                        tensor_.stored.file->name(), in_quotes(tensor_.stored.info->name),
                        name_of(tensor_.dtype));
    return bits;
  }

  const Tensor& tensor_;
  std::span<const std::byte> data_;
  std::int64_t stored_count_;
  std::size_t stored_row_, row_;
};

void read_order(const Tensor& tensor, std::uint64_t offset, std::span<std::byte> chunk) {
  const auto first = static_cast<std::int64_t>(offset / sizeof(std::int32_t));
  for (std::size_t i = 0; i < chunk.size() / sizeof(std::int32_t); ++i)
    put(chunk, i,
        static_cast<std::int32_t>(
            tensor.columns->stored_row(first + static_cast<std::int64_t>(i), tensor.shape.dim(0))));
}

}  // namespace

void read(const Tensor& tensor, std::uint64_t offset, std::span<std::byte> chunk) {
  if (chunk.empty())
    return;
  if (tensor.part == Part::input_order)
    return read_order(tensor, offset, chunk);
  const Rows rows(tensor);
  if (rows.are_copies()) {
    std::ranges::copy(tensor.stored.data().subspan(offset, chunk.size()), chunk.begin());
    return;
  }
  std::vector<std::byte> scratch(rows.row_bytes());
  while (!chunk.empty()) {
    const std::size_t skipped = offset % rows.row_bytes(),
                      count = std::min(chunk.size(), rows.row_bytes() - skipped);
    const std::uint64_t row = offset / rows.row_bytes();
    if (count == rows.row_bytes()) {
      rows.read(row, chunk.first(count));
    } else {
      rows.read(row, scratch);
      std::ranges::copy(std::span(scratch).subspan(skipped, count), chunk.begin());
    }
    offset += count;
    chunk = chunk.subspan(count);
  }
}

}  // namespace ashlar::gguf
