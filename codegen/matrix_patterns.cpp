// SPDX-License-Identifier: Apache-2.0
#include "codegen/matrix_patterns.h"

#include "ir/kernel_dialect.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

using namespace mlir;
using spirv::CooperativeMatrixLayoutKHR;

namespace ashlar::codegen {
namespace {

struct MatrixPlace {
  Value pointer, stride;
};

MatrixPlace place_of(OpBuilder& builder, const SPIRVTypeConverter& types, Location loc,
                     MemRefType memory, Value base, Value at, std::uint64_t stride) {
  Value pointer = spirv::getElementPtr(types, memory, base, at, loc, builder);
  Value steps =
      spirv::ConstantOp::create(builder, loc, builder.getI32Type(),
                                builder.getI32IntegerAttr(static_cast<std::int32_t>(stride)));
  return {pointer, steps};
}

struct MatrixLoadLowering final : OpConversionPattern<kernel::MatrixLoadOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(kernel::MatrixLoadOp op, OpAdaptor operands,
                                ConversionPatternRewriter& rewriter) const override {
    if (!isa<spirv::CooperativeMatrixType>(op.getMatrix().getType()))
      return op.emitOpError("expected a cooperative matrix, got ") << op.getMatrix().getType();
    const MatrixPlace place = place_of(rewriter, *getTypeConverter<SPIRVTypeConverter>(),
                                       op.getLoc(), cast<MemRefType>(op.getMemory().getType()),
                                       operands.getMemory(), operands.getAt(), op.getStride());
    rewriter.replaceOpWithNewOp<spirv::KHRCooperativeMatrixLoadOp>(
        op, op.getMatrix().getType(), place.pointer,
        op.getColumns() ? CooperativeMatrixLayoutKHR::ColumnMajor
                        : CooperativeMatrixLayoutKHR::RowMajor,
        place.stride, spirv::MemoryAccessAttr(), IntegerAttr());
    return success();
  }
};

struct MatrixStoreLowering final : OpConversionPattern<kernel::MatrixStoreOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(kernel::MatrixStoreOp op, OpAdaptor operands,
                                ConversionPatternRewriter& rewriter) const override {
    if (!isa<spirv::CooperativeMatrixType>(op.getMatrix().getType()))
      return op.emitOpError("expected a cooperative matrix, got ") << op.getMatrix().getType();
    const MatrixPlace place = place_of(rewriter, *getTypeConverter<SPIRVTypeConverter>(),
                                       op.getLoc(), cast<MemRefType>(op.getMemory().getType()),
                                       operands.getMemory(), operands.getAt(), op.getStride());
    rewriter.replaceOpWithNewOp<spirv::KHRCooperativeMatrixStoreOp>(
        op, place.pointer, operands.getMatrix(), CooperativeMatrixLayoutKHR::RowMajor, place.stride,
        spirv::MemoryAccessAttr(), IntegerAttr());
    return success();
  }
};

}  // namespace

void populate_matrix_patterns(const SPIRVTypeConverter& types, RewritePatternSet& patterns) {
  patterns.add<MatrixLoadLowering, MatrixStoreLowering>(types, patterns.getContext());
}

}  // namespace ashlar::codegen
