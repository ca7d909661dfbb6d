// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/float_matrix.h"
#include "models/formats/quantized/layouts.h"

namespace ashlar::quantized {
namespace {

QuantizedMatrix read_module(const StoredMatrix& weight, const StoredMatrix& scales,
                            const FloatEncoding& encoding) {
  weight.require_matrix().require_type(StoredType::u32);
  scales.require_type(StoredType::u8);
  scales.require_shape(weight.rows(),
                       weight.columns() * 32 / encoding.bits() / encoding.group_size);
  std::vector<std::int64_t> dims = weight.shape().dims();
  dims.back() = dims.back() * 32 / encoding.bits();
  // NVFP4 alone has groups of 16, and floats for scales.
  const auto decode = encoding.group_size == 16 ? decode_e4m3 : decode_e8m0;
  return make_microscaled(weight, Shape(std::move(dims)), encoding, DType::bf16,
                          [scales, decode](std::int64_t row, std::int64_t group) {
                            return decode(scales.byte(row, group));
                          });
}

}  // namespace

QuantizedMatrices read_mlx(const Checkpoint& checkpoint, const QuantizationConfig& config) {
  QuantizedMatrices matrices;
  for (const auto& [module, scales] : tensors_with_suffix(checkpoint, ".scales")) {
    const auto encoding = config.encoding_of(module);
    if (const auto* floats = encoding ? std::get_if<FloatEncoding>(&*encoding) : nullptr)
      matrices.emplace(module,
                       read_module(part_of(checkpoint, module, ".weight"), scales, *floats));
  }
  return matrices;
}

}  // namespace ashlar::quantized
