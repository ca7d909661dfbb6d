// SPDX-License-Identifier: Apache-2.0
// ashlar-group-experts: lets many rows read the matrices of their experts once for all.
//
//   %y = ashlar.expert_matmul %x, %w, %ids        =>   %order = ashlar.argsort %ids
//                                                      %y = kernel.grouped_matmul %x, %w, %ids,
//                                                      %order
//
// Rows that are summed (S > 1) become rows of their own, and their products are added afterwards.
// By its number, each row reads a matrix for itself. That is done as long as it reads no more
// matrices than there are; packed ones must lie in memory as they are multiplied: [E, N, K].
#include "ir/kernel_region.h"
#include "passes/op_classes.h"
#include "passes/passes.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_GROUPEXPERTS
#include "passes/passes.h.inc"

namespace {

using Dims = std::vector<std::int64_t>;

// So few rows are never grouped, however few matrices there are.
constexpr std::int64_t kFewRows = 8;

bool suits_grouping(ir::ExpertMatmulOp op) {
  const std::int64_t rows = element_count(op.getIds());
  const std::int64_t matrices = cast<RankedTensorType>(op.getRhs().getType()).getDimSize(0);
  const bool packed = kernel::is_unpacking(kernel::expert_outputs(op).matrices.getDefiningOp());
  return (packed && !op.getTransposeRhs()) || rows > std::max(matrices, kFewRows);
}

void group(ir::ExpertMatmulOp op) {
  OpBuilder builder(op);
  const auto make = [&](OpKind kind, ValueRange operands, const Attributes& attributes) {
    return ir::create_op(builder, op.getLoc(), kind, operands, attributes);
  };
  const auto reshape = [&](Value value, Dims shape) {
    return make(OpKind::reshape, value, {{"shape", std::move(shape)}});
  };
  auto type = cast<RankedTensorType>(op.getType());
  const auto lhs = cast<RankedTensorType>(op.getLhs().getType()).getShape();
  const std::int64_t summed = lhs[lhs.size() - 2], k = lhs.back(), n = type.getShape().back();
  const std::int64_t rows = element_count(op.getIds());
  const DType dtype = ir::array_type_of(type)->dtype;

  Value ids = reshape(op.getIds(), {rows});
  Value order = make(OpKind::argsort, ids, {{"axis", std::int64_t{0}}, {"descending", false}});
  auto product = kernel::GroupedMatmulOp::create(
      builder, op.getLoc(),
      RankedTensorType::get({rows, n}, summed == 1 ? type.getElementType() : builder.getF32Type()),
      reshape(op.getLhs(), {rows, k}), op.getRhs(), ids, order, op.getTransposeRhs());
  Value result = product.getResult();
  if (summed != 1) {
    result = make(OpKind::reduce_sum, reshape(result, {rows / summed, summed, n}),
                  {{"axes", Dims{1}}, {"keepdims", false}});
    if (dtype != DType::f32)
      result = make(OpKind::cast, result, {{"dtype", dtype}});
  }
  op->getResult(0).replaceAllUsesWith(reshape(result, type.getShape().vec()));
  op.erase();
}

struct GroupExpertsPass : impl::GroupExpertsBase<GroupExpertsPass> {
  using GroupExpertsBase::GroupExpertsBase;

  void runOnOperation() override {
    SmallVector<ir::ExpertMatmulOp> ops;
    getOperation().walk([&](ir::ExpertMatmulOp op) {
      if (element_count(op.getResult()) > 0 && element_count(op.getLhs()) > 0 && suits_grouping(op))
        ops.push_back(op);
    });
    for (ir::ExpertMatmulOp op : ops)
      group(op);
  }
};

}  // namespace
}  // namespace ashlar
