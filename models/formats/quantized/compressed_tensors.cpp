// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/column_order.h"
#include "models/formats/quantized/float_matrix.h"
#include "models/formats/quantized/layouts.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

namespace ashlar::quantized {
namespace {

using Zero = std::function<std::int64_t(std::int64_t row, std::int64_t group)>;

// Signed numbers are stored with this added.
std::int64_t offset_of(std::int64_t bits) {
  return std::int64_t{1} << (bits - 1);
}

// The unsigned number that stands for 0, from zero points by row and group.
Zero zero_of(const Checkpoint& checkpoint, const std::string& module, const StoredNumbers& numbers,
             std::int64_t groups) {
  const std::int64_t bits = numbers.bits, offset = offset_of(bits);
  const CheckpointTensor* tensor = checkpoint.find(module + ".weight_zero_point");
  if (!tensor)
    return [offset](std::int64_t, std::int64_t) { return offset; };
  const StoredMatrix points(*tensor);
  if (points.type() == StoredType::i8) {
    if (points.is_single())
      return [zero = points.integer(0, 0) + offset](std::int64_t, std::int64_t) { return zero; };
    points.require_shape(numbers.rows, groups);
    return [points, offset](std::int64_t row, std::int64_t group) {
      return points.integer(row, group) + offset;
    };
  }
  const std::int64_t per_word = 32 / bits;
  points.require_type(StoredType::i32);
  points.require_shape((numbers.rows + per_word - 1) / per_word, groups);
  return [points, bits, per_word](std::int64_t row, std::int64_t group) {
    const std::uint32_t word = points.word(row / per_word, group);
    return std::int64_t{word >> (bits * (row % per_word)) & ((1u << bits) - 1)};
  };
}

QuantizedMatrix finish(const Checkpoint& checkpoint, const std::string& module,
                       StoredNumbers numbers) {
  const StoredMatrix scales = part_of(checkpoint, module, ".weight_scale").require_floats();
  const std::int64_t groups = scales.columns();
  if (!scales.is_single())
    scales.require_shape(numbers.rows, groups);
  if (groups == 0 || numbers.columns % groups != 0)
    throw FormatError("model", "tensor {}: {} groups for {} columns", in_quotes(scales.name()),
                      groups, numbers.columns);
  numbers.group_size = numbers.columns / groups;
  if (const CheckpointTensor* order = checkpoint.find(module + ".weight_g_idx"))
    sort_columns(StoredMatrix(*order), numbers);
  numbers.scale_dtype = float_type_of(scales);
  numbers.scale = [scales](std::int64_t row, std::int64_t group) {
    return scales.is_single() ? scales.real(0, 0) : scales.real(row, group);
  };
  numbers.zero = zero_of(checkpoint, module, numbers, groups);
  return make_affine(module, numbers);
}

QuantizedMatrix read_packed(const Checkpoint& checkpoint, const std::string& module,
                            const StoredMatrix& weight) {
  weight.require_matrix().require_type(StoredType::i32);
  const StoredMatrix shape = part_of(checkpoint, module, ".weight_shape").require_shape(2, 1);
  if (shape.type() != StoredType::i32)
    shape.require_type(StoredType::i64);
  StoredNumbers numbers{.rows = shape.integer(0, 0), .columns = shape.integer(1, 0)};
  numbers.bits = numbers.columns > 0 ? weight.columns() * 32 / numbers.columns : 0;
  if (numbers.bits != 2 && numbers.bits != 4 && numbers.bits != 8)
    throw Unsupported("model", "tensor {}: numbers of {} bits: expected 2, 4 or 8",
                      in_quotes(weight.name()), numbers.bits);
  weight.require_shape(numbers.rows, numbers.columns * numbers.bits / 32);
  numbers.word = [weight](std::int64_t row, std::int64_t word) { return weight.word(row, word); };
  return finish(checkpoint, module, std::move(numbers));
}

QuantizedMatrix read_bytes(const Checkpoint& checkpoint, const std::string& module,
                           const StoredMatrix& weight) {
  weight.require_matrix();
  StoredNumbers numbers{.rows = weight.rows(), .columns = weight.columns(), .bits = 8};
  // Adds 128 to each of four signed bytes.
  numbers.word = [weight](std::int64_t row, std::int64_t word) {
    return weight.word(row, word) ^ 0x80808080;
  };
  return finish(checkpoint, module, std::move(numbers));
}

// Scales are f8, to be divided by one scale for all; of ModelOpt, to be multiplied with it.
QuantizedMatrix read_nvfp4(const Checkpoint& checkpoint, const std::string& module,
                           const StoredMatrix& weight, bool is_modelopt = false) {
  constexpr FloatEncoding kEncoding{.exponent_bits = 2, .mantissa_bits = 1, .group_size = 16};
  const StoredMatrix scales =
      part_of(checkpoint, module, ".weight_scale").require_type(StoredType::f8_e4m3);
  const StoredMatrix global =
      part_of(checkpoint, module, is_modelopt ? ".weight_scale_2" : ".weight_global_scale")
          .require_type(StoredType::f32)
          .require_shape(1, 1);
  const std::int64_t columns = weight.require_matrix().columns() * 2;
  if (columns % kEncoding.group_size != 0)
    throw FormatError("model", "tensor {}: rows of {} numbers: expected a multiple of {}",
                      in_quotes(weight.name()), columns, kEncoding.group_size);
  scales.require_shape(weight.rows(), columns / kEncoding.group_size);
  return make_microscaled(
      weight, {weight.rows(), columns}, kEncoding, DType::f32,
      [scales, whole = global.real(0, 0), is_modelopt](std::int64_t row, std::int64_t group) {
        const float scale = decode_e4m3(scales.byte(row, group));
        return is_modelopt ? scale * whole : scale / whole;
      });
}

// 32 numbers share a power of two.
QuantizedMatrix read_mxfp4(const Checkpoint& checkpoint, const std::string& module,
                           const StoredMatrix& weight) {
  constexpr FloatEncoding kEncoding{.exponent_bits = 2, .mantissa_bits = 1, .group_size = 32};
  const std::int64_t columns = weight.require_matrix().columns() * 2;
  const StoredMatrix scales = part_of(checkpoint, module, ".weight_scale")
                                  .require_type(StoredType::u8)
                                  .require_shape(weight.rows(), columns / kEncoding.group_size);
  return make_microscaled(weight, {weight.rows(), columns}, kEncoding, DType::bf16,
                          [scales](std::int64_t row, std::int64_t group) {
                            return decode_e8m0(scales.byte(row, group));
                          });
}

QuantizedMatrix read_small_floats(const Checkpoint& checkpoint, const std::string& module,
                                  const StoredMatrix& weight) {
  return checkpoint.find(module + ".weight_global_scale") ? read_nvfp4(checkpoint, module, weight)
                                                          : read_mxfp4(checkpoint, module, weight);
}

}  // namespace

QuantizedMatrices read_compressed_tensors(const Checkpoint& checkpoint,
                                          const CompressedTensorsLayout& layout) {
  QuantizedMatrices matrices;
  for (const auto& [module, weight] : tensors_with_suffix(checkpoint, ".weight_packed"))
    matrices.emplace(module, weight.type() == StoredType::u8
                                 ? read_small_floats(checkpoint, module, weight)
                                 : read_packed(checkpoint, module, weight));
  for (const auto& [module, scales] : tensors_with_suffix(checkpoint, ".weight_scale")) {
    if (matrices.contains(module))
      continue;
    const StoredMatrix weight = part_of(checkpoint, module, ".weight");
    matrices.emplace(module,
                     weight.type() == StoredType::i8 ? read_bytes(checkpoint, module, weight)
                     : checkpoint.find(module + ".weight_scale_2")
                         ? read_nvfp4(checkpoint, module, weight, /*is_modelopt=*/true)
                         : make_fp8(weight, scales, {layout.block_rows, layout.block_columns}));
  }
  return matrices;
}

}  // namespace ashlar::quantized
