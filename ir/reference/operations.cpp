// SPDX-License-Identifier: Apache-2.0
#include "ir/reference/operations.h"

#include "runtime/program/error.h"

namespace ashlar::reference {

Tensor evaluate(OpKind kind, Operands operands, const Attributes& attributes) {
  std::vector<ArrayType> types;
  for (const Tensor& operand : operands)
    types.push_back(operand.type);
  Tensor result(infer_type(kind, types, attributes));
  switch (op_info(kind).op_class) {
  case OpClass::source:
    evaluate_source(kind, attributes, result);
    break;
  case OpClass::elementwise:
    evaluate_elementwise(kind, operands, result);
    break;
  case OpClass::random:
    evaluate_philox(operands, attributes, result);
    break;
  case OpClass::movement:
    evaluate_movement(kind, operands, attributes, result);
    break;
  case OpClass::gather:
    evaluate_gather(kind, operands, attributes, result);
    break;
  case OpClass::reduction:
    evaluate_reduction(kind, operands, attributes, result);
    break;
  case OpClass::contraction:
    if (kind == OpKind::matmul)
      evaluate_matmul(operands, attributes, result);
    else
      evaluate_expert_matmul(operands, attributes, result);
    break;
  case OpClass::attention:
    evaluate_attention(operands, attributes, result);
    break;
  case OpClass::quantized:
    if (kind == OpKind::dequantize)
      evaluate_dequantize(operands, attributes, result);
    else if (kind == OpKind::dequantize_float)
      evaluate_dequantize_float(operands, attributes, result);
    else if (kind == OpKind::dequantize_k)
      evaluate_dequantize_k(operands, attributes, result);
    else
      evaluate_dequantize_mxfp4(operands, result);
    break;
  case OpClass::scan:
    evaluate_cumsum(operands, attributes, result);
    break;
  case OpClass::sort:
    evaluate_sort(kind, operands, attributes, result);
    break;
  case OpClass::custom:
    throw Unsupported("reference", "a custom kernel has no meaning but its code");
  }
  return result;
}

}  // namespace ashlar::reference
