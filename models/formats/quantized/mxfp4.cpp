// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/float_matrix.h"
#include "models/formats/quantized/layouts.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

namespace ashlar::quantized {
namespace {

constexpr FloatEncoding kEncoding{.exponent_bits = 2, .mantissa_bits = 1, .group_size = 32};
constexpr std::int64_t kBlockBytes = 16;

// [..., groups, 16] bytes as [..., groups * 32] numbers.
Shape number_shape(const StoredMatrix& blocks) {
  std::vector<std::int64_t> dims = blocks.shape().dims();
  if (dims.size() < 3 || dims.back() != kBlockBytes)
    throw FormatError("model", "tensor {}: expected [..., groups, {}], got {}",
                      in_quotes(blocks.name()), kBlockBytes, blocks.shape().to_string());
  dims.pop_back();
  dims.back() *= kEncoding.group_size;
  return Shape(std::move(dims));
}

QuantizedMatrix read_module(const StoredMatrix& blocks, const StoredMatrix& scales) {
  blocks.require_type(StoredType::u8);
  scales.require_type(StoredType::u8);
  const Shape shape = number_shape(blocks);
  const std::int64_t groups = shape.dim(-1) / kEncoding.group_size;
  scales.require_shape(groups == 0 ? 0 : blocks.rows() / groups, groups);
  QuantizedMatrix matrix = make_microscaled(blocks, shape, kEncoding, DType::bf16,
                                            [scales](std::int64_t row, std::int64_t group) {
                                              return decode_e8m0(scales.byte(row, group));
                                            });
  // A stored row is one group.
  matrix.word = [blocks, groups](std::int64_t row, std::int64_t word) {
    constexpr std::int64_t kWords = kBlockBytes / 4;
    return blocks.word(row * groups + word / kWords, word % kWords);
  };
  return matrix;
}

}  // namespace

QuantizedMatrices read_mxfp4(const Checkpoint& checkpoint) {
  QuantizedMatrices matrices;
  for (const auto& [module, blocks] : tensors_with_suffix(checkpoint, "_blocks"))
    matrices.emplace(module, read_module(blocks, part_of(checkpoint, module, "_scales")));
  return matrices;
}

}  // namespace ashlar::quantized
