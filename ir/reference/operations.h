// SPDX-License-Identifier: Apache-2.0
// What each array op means: plain loops, double accumulation, one rounding at the end. The op table
// (ir/array_ops.td) states the rules in words; this is their executable form. MLIR-free.
#pragma once

#include "ir/reference/tensor.h"

namespace ashlar::reference {

using Operands = std::span<const Tensor>;

// Evaluates any op whose type is derived (not weight, state_read or constant). Throws
// InvalidArgument as infer_type does.
Tensor evaluate(OpKind kind, Operands operands, const Attributes& attributes);

// By op class; `result` comes with its inferred type.
void evaluate_elementwise(OpKind kind, Operands operands, Tensor& result);
void evaluate_philox(Operands operands, const Attributes& attributes, Tensor& result);
void evaluate_source(OpKind kind, const Attributes& attributes, Tensor& result);
void evaluate_movement(OpKind kind, Operands operands, const Attributes& attributes,
                       Tensor& result);
void evaluate_gather(OpKind kind, Operands operands, const Attributes& attributes, Tensor& result);
void evaluate_reduction(OpKind kind, Operands operands, const Attributes& attributes,
                        Tensor& result);
void evaluate_matmul(Operands operands, const Attributes& attributes, Tensor& result);
// Also of kernel.grouped_matmul, whose `order` changes no result: S is what the ids say.
void evaluate_expert_matmul(Operands operands, const Attributes& attributes, Tensor& result);
void evaluate_attention(Operands operands, const Attributes& attributes, Tensor& result);
void evaluate_dequantize(Operands operands, const Attributes& attributes, Tensor& result);
void evaluate_dequantize_float(Operands operands, const Attributes& attributes, Tensor& result);
void evaluate_dequantize_mxfp4(Operands operands, Tensor& result);
void evaluate_dequantize_k(Operands operands, const Attributes& attributes, Tensor& result);
// The halves that kernel.attention_partial and kernel.attention_combine make of attention.
void evaluate_attention_partial(Operands operands, const Attributes& attributes, Tensor& result);
void evaluate_attention_combine(const Tensor& partials, Tensor& result);
void evaluate_cumsum(Operands operands, const Attributes& attributes, Tensor& result);
void evaluate_sort(OpKind kind, Operands operands, const Attributes& attributes, Tensor& result);

}  // namespace ashlar::reference
