// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantized/float_matrix.h"
#include "models/formats/quantized/layouts.h"

namespace ashlar::quantized {

QuantizedMatrices read_fp8(const Checkpoint& checkpoint, const Fp8Layout& layout) {
  QuantizedMatrices matrices;
  for (const auto& [module, scales] : tensors_with_suffix(checkpoint, ".weight_scale_inv"))
    matrices.emplace(module, make_fp8(part_of(checkpoint, module, ".weight"), scales,
                                      {layout.block_rows, layout.block_columns}));
  return matrices;
}

}  // namespace ashlar::quantized
