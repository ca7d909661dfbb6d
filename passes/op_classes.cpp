// SPDX-License-Identifier: Apache-2.0
#include "passes/op_classes.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "ir/kernel_region.h"
#include "runtime/program/can_cast.h"

using namespace mlir;

namespace ashlar {

static std::optional<OpClass> class_of(Operation* op) {
  const OpInfo* info = ir::find_op_info(op);
  return info ? std::optional(info->op_class) : std::nullopt;
}

bool is_leaf(Operation* op) {
  return isa<ir::WeightOp, ir::StateReadOp, ir::ConstantOp>(op);
}

bool is_inlinable(Operation* op) {
  if (isa<kernel::AttentionCombineOp, ir::TakeOp, ir::TakeAlongAxisOp>(op))
    return true;
  const auto op_class = class_of(op);
  return op_class && !is_leaf(op) &&
         (*op_class == OpClass::source || *op_class == OpClass::elementwise ||
          *op_class == OpClass::movement || *op_class == OpClass::random ||
          *op_class == OpClass::quantized);
}

bool is_root(Operation* op) {
  if (isa<kernel::AttentionPartialOp, kernel::GroupedMatmulOp>(op))
    return true;
  const auto op_class = class_of(op);
  return op_class &&
         (*op_class == OpClass::contraction || *op_class == OpClass::attention ||
          *op_class == OpClass::scan || *op_class == OpClass::sort || *op_class == OpClass::custom);
}

bool is_scatter(Operation* op) {
  return isa<ir::ScatterOp, ir::ScatterAddOp>(op);
}

bool is_elementwise(Operation* op) {
  const auto op_class = class_of(op);
  return op_class && (*op_class == OpClass::elementwise || *op_class == OpClass::random);
}

bool is_index_map(Operation* op) {
  const auto op_class = class_of(op);
  return op_class && !is_leaf(op) &&
         (*op_class == OpClass::movement || *op_class == OpClass::source);
}

bool is_costly(Operation* op) {
  if (isa<kernel::AttentionCombineOp, ir::PhiloxOp>(op))
    return true;
  const OpInfo* info = ir::find_op_info(op);
  if (!info)
    return false;
  switch (info->kind) {
  case OpKind::exp:
  case OpKind::exp2:
  case OpKind::expm1:
  case OpKind::log:
  case OpKind::log2:
  case OpKind::log1p:
  case OpKind::sin:
  case OpKind::cos:
  case OpKind::tan:
  case OpKind::tanh:
  case OpKind::erf:
  case OpKind::sigmoid:
  case OpKind::silu:
  case OpKind::gelu:
  case OpKind::gelu_tanh:
  case OpKind::softplus:
  case OpKind::power:
  case OpKind::arctan2:
    return true;
  default:
    return false;
  }
}

bool escapes(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation* user) {
    return isa<ir::StateWriteOp>(user) || user->hasTrait<OpTrait::IsTerminator>();
  });
}

bool preserves_values(Type from, Type to) {
  const auto a = ir::dtype_of(from), b = ir::dtype_of(to);
  return a && b && can_cast(*a, *b);
}

std::int64_t element_count(Value value) {
  return kernel::element_count(value.getType());
}

std::int64_t byte_size(Type tensor, std::int64_t dynamic_rows) {
  auto type = cast<RankedTensorType>(tensor);
  std::int64_t bytes = (type.getElementType().getIntOrFloatBitWidth() + 7) / 8;
  for (std::int64_t extent : type.getShape())
    bytes *= ShapedType::isDynamic(extent) ? dynamic_rows : extent;
  return bytes;
}

}  // namespace ashlar
