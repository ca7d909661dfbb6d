// SPDX-License-Identifier: Apache-2.0
// Group-affine quantisation of matrices, in the layout of MLX checkpoints
// (runtime/program/affine_encoding.h).
#pragma once

#include "runtime/array/array.h"
#include "runtime/program/affine_encoding.h"
#include "runtime/program/float_encoding.h"

#include <optional>

namespace ashlar {

// [..., K] numbers: the last axis is K * bits / 32 words, or K / group_size scales and biases.
struct QuantizedArray {
  Array packed;  // u32
  Array scales;
  Array biases;
  AffineEncoding encoding;
};

// MLX's rule: the group's extreme of larger magnitude is met exactly, as far as the numbers allow.
// Scales and biases have the type of `input`, f32 for integers. Throws InvalidArgument for unknown
// encodings and where groups do not divide the last axis.
QuantizedArray quantize(const Operand& input, AffineEncoding encoding = {});

// In f32, rounded to `dtype`. Costs nothing where it is used: kernels unpack what they read.
Array dequantize(const QuantizedArray& input, DType dtype = DType::f32);

// Floats of 4 bits with scales for 32 of them; see `dequantize_mxfp4` in the op table. Costs as
// little.
Array dequantize_mxfp4(const Array& packed, const Array& scales, DType dtype = DType::f32);

// Floats of 4 or 8 bits with scales for groups of them (runtime/program/float_encoding.h): packed
// [..., K * bits / 32] (u32), scales [..., K / group_size] of a float type. Costs as little.
Array dequantize_float(const Array& packed, const Array& scales, const FloatEncoding& encoding,
                       DType dtype = DType::f32);

// Numbers whose groups scale in two steps (runtime/program/k_encoding.h): packed
// [..., K * bits / 32], scales [..., K / 256 * 5], both u32. Costs as little.
Array dequantize_k(const Array& packed, const Array& scales, std::int64_t bits,
                   DType dtype = DType::f32);

// x [..., in] times weight [out, in] transposed, as linear(x, dequantize(weight)).
Array quantized_matmul(const Operand& x, const QuantizedArray& weight);

// Matrices of x [..., m, in] times weights [..., out, in] transposed, chosen by indices as in
// gather_matmul (runtime/array/blocks.h), pair by pair. Weights that no index chooses are not read.
Array gather_quantized_matmul(const Operand& x, const QuantizedArray& weights,
                              const std::optional<Array>& x_indices,
                              const std::optional<Array>& weight_indices);

}  // namespace ashlar
