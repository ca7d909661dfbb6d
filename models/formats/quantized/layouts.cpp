// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/layouts.h"

namespace ashlar::quantized {
namespace {

struct Reader {
  QuantizedMatrices operator()(const MlxLayout&) const { return read_mlx(checkpoint, config); }
  QuantizedMatrices operator()(const GptqLayout& layout) const {
    return read_gptq(checkpoint, layout);
  }
  QuantizedMatrices operator()(const AwqLayout&) const { return read_awq(checkpoint); }
  QuantizedMatrices operator()(const CompressedTensorsLayout& layout) const {
    return read_compressed_tensors(checkpoint, layout);
  }
  QuantizedMatrices operator()(const Fp8Layout& layout) const {
    return read_fp8(checkpoint, layout);
  }

  const Checkpoint& checkpoint;
  const QuantizationConfig& config;
};

}  // namespace

QuantizedMatrices read_matrices(const Checkpoint& checkpoint, const QuantizationConfig& config) {
  return std::visit(Reader{checkpoint, config}, config.layout);
}

}  // namespace ashlar::quantized
