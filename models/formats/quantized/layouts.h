// SPDX-License-Identifier: Apache-2.0
// The quantised matrices of a checkpoint, by the layout that config.json names. Each function
// throws FormatError for parts that are missing or do not fit each other, Unsupported for what
// cannot be read exactly; both name the tensor or module. A result borrows the checkpoint.
#pragma once

#include "models/formats/quantization_config.h"
#include "models/formats/quantized/quantized_matrix.h"

namespace ashlar::quantized {

QuantizedMatrices read_matrices(const Checkpoint& checkpoint, const QuantizationConfig& config);

// MLX: only float modes need a conversion, of their scales.
QuantizedMatrices read_mlx(const Checkpoint& checkpoint, const QuantizationConfig& config);
// GPTQ: `qweight` i32 [in * bits / 32, out], a column is a stream of bits; `qzeros` i32 [groups,
// out
// * bits / 32], a row is one; `scales` [groups, out]; `g_idx` i32 [in], which must be in order.
QuantizedMatrices read_gptq(const Checkpoint& checkpoint, const GptqLayout& layout);
// AWQ, version "gemm": `qweight` i32 [in, out / 8], `qzeros` i32 [groups, out / 8], `scales`
// [groups, out]; the nibbles of a word are columns 0, 2, 4, 6, 1, 3, 5, 7.
QuantizedMatrices read_awq(const Checkpoint& checkpoint);
// compressed-tensors: `weight_packed` i32 [out, in * bits / 32] of numbers plus 2^(bits - 1), or
// `weight` i8 or f8 [out, in]; `weight_scale` for all, by row, by group or by block;
// `weight_zero_point` i8, or packed along the rows.
QuantizedMatrices read_compressed_tensors(const Checkpoint& checkpoint,
                                          const CompressedTensorsLayout& layout);
// `weight` f8 [out, in] and `weight_scale_inv`, which it is multiplied with: one, or one for each
// block.
QuantizedMatrices read_fp8(const Checkpoint& checkpoint, const Fp8Layout& layout);

}  // namespace ashlar::quantized
