// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/float_matrix.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <cmath>
#include <limits>
#include <utility>

namespace ashlar::quantized {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

FloatEncoding encoding_of(const StoredMatrix& weight) {
  if (weight.type() == StoredType::f8_e5m2)
    return {.exponent_bits = 5, .mantissa_bits = 2};
  weight.require_type(StoredType::f8_e4m3);
  return {.exponent_bits = 4, .mantissa_bits = 3};
}

// Kernels take the largest exponent for an ordinary one.
std::uint32_t checked(const StoredMatrix& weight, std::uint32_t word) {
  // Per byte: all bits below the sign, or the exponent's.
  const bool is_e5m2 = weight.type() == StoredType::f8_e5m2;
  const std::uint32_t special = is_e5m2 ? 0x7C7C7C7C : 0x7F7F7F7F;
  const std::uint32_t carry = is_e5m2 ? 0x04040404 : 0x01010101;
  if (((word & special) + carry) & 0x80808080)
    throw FormatError("model", "tensor {}: a weight is NaN or infinite", in_quotes(weight.name()));
  return word;
}

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// Which scale a number of the weights has.
class ScaleLookup {
public:
  ScaleLookup(const StoredMatrix& weight, const StoredMatrix& scales, ScaleBlock block)
      : scales_(scales.require_floats()), block_(block),
        matrix_rows_(weight.shape().rank() > 1 ? weight.shape().dim(-2) : weight.rows()) {
    const std::int64_t matrices = matrix_rows_ > 0 ? weight.rows() / matrix_rows_ : 0;
    if (scales.is_single())
      block_ = {std::numeric_limits<std::int64_t>::max() / 2, weight.columns()};
    else if (scales.rows() == weight.rows() && scales.columns() == 1)
      block_ = {1, weight.columns()};
    else
      scales.require_shape(matrices * divide_up(matrix_rows_, block.rows),
                           divide_up(weight.columns(), block.columns));
    blocks_ = divide_up(matrix_rows_, block_.rows);
  }

  // Columns that surely share a scale.
  std::int64_t columns() const { return block_.columns; }

  float operator()(std::int64_t row, std::int64_t column) const {
    if (scales_.is_single())
      return scales_.real(0, 0);
    const std::int64_t matrix = row / matrix_rows_, within = row % matrix_rows_;
    return scales_.real(matrix * blocks_ + within / block_.rows, column / block_.columns);
  }

private:
  StoredMatrix scales_;
  ScaleBlock block_;
  std::int64_t matrix_rows_;
  std::int64_t blocks_ = 1;  // along the rows of one matrix
};

}  // namespace

QuantizedMatrix make_fp8(const StoredMatrix& weight, const StoredMatrix& scales, ScaleBlock block) {
  FloatEncoding encoding = encoding_of(weight.require_matrix());
  const ScaleLookup lookup(weight, scales, block);
  QuantizedMatrix matrix{.shape = weight.shape(),
                         .encoding = encoding,
                         .scale_dtype = float_type_of(scales),
                         .word = {},
                         .scale = {},
                         .bias = {},
                         .value =
                             [weight, lookup, encoding](std::int64_t row, std::int64_t column) {
                               const std::uint32_t code = checked(weight, weight.byte(row, column));
                               return decode_small_float(encoding, code) * lookup(row, column);
                             },
                         .unpacked_dtype = DType::f16};
  const auto group = group_within(lookup.columns(), weight.columns());
  if (!group || weight.columns() % kPackedBlock != 0)
    return matrix;
  encoding.group_size = *group;
  matrix.encoding = encoding;
  matrix.word = [weight](std::int64_t row, std::int64_t word) {
    return checked(weight, weight.word(row, word));
  };
  matrix.scale = [lookup, size = *group](std::int64_t row, std::int64_t group) {
    return lookup(row, group * size);
  };
  return matrix;
}

QuantizedMatrix make_microscaled(const StoredMatrix& weight, const Shape& shape,
                                 FloatEncoding encoding, DType scale_dtype,
                                 std::function<float(std::int64_t, std::int64_t)> scale) {
  const std::int64_t per_word = 32 / encoding.bits();
  QuantizedMatrix matrix{
      .shape = shape,
      .encoding = encoding,
      .scale_dtype = scale_dtype,
      .word = {},
      .scale = scale,
      .bias = {},
      .value =
          [weight, encoding, per_word, scale](std::int64_t row, std::int64_t column) {
            const std::uint32_t word = weight.word(row, column / per_word);
            const std::uint32_t code =
                word >> (column % per_word * encoding.bits()) & ((1u << encoding.bits()) - 1);
            return decode_small_float(encoding, code) * scale(row, column / encoding.group_size);
          },
      .unpacked_dtype = scale_dtype == DType::bf16 ? DType::bf16 : DType::f16};
  if (shape.dim(-1) % kPackedBlock == 0)
    matrix.word = [weight](std::int64_t row, std::int64_t word) { return weight.word(row, word); };
  return matrix;
}

float decode_e8m0(std::uint8_t byte) {
  return byte == 0xFF ? kNan : std::ldexp(1.0f, byte - 127);
}

float decode_e4m3(std::uint8_t byte) {
  if ((byte & 0x7F) == 0x7F)
    return kNan;
  return decode_small_float({.exponent_bits = 4, .mantissa_bits = 3}, byte);
}

}  // namespace ashlar::quantized
