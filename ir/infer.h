// SPDX-License-Identifier: Apache-2.0
// Result-type rules of the op table (`inferRule` in ir/array_ops.td). Each throws InvalidArgument
// when the operands or attributes do not fit; ir/op_info.h adds the op's name.
#pragma once

#include "ir/op_info.h"

namespace ashlar {

ArrayType infer_same_type(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_comparison(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_predicate(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_select(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_cast(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_bitcast(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_filled(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_reshape(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_transpose(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_broadcast(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_slice(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_pad(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_custom_kernel(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_concat(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_reduction(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_arg_reduction(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_matmul(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_expert_matmul(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_attention(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_dequantize(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_dequantize_mxfp4(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_dequantize_float(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_dequantize_k(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_take(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_take_along_axis(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_scatter(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_arg_sort(std::span<const ArrayType> operands, const Attributes& attributes);
ArrayType infer_topk(std::span<const ArrayType> operands, const Attributes& attributes);

}  // namespace ashlar
