// SPDX-License-Identifier: Apache-2.0
// Kernel IR to the spirv dialect: upstream's patterns in one conversion, plus the kernel ABI.
#include "codegen/loop_inits.h"
#include "codegen/matrix_patterns.h"
#include "codegen/passes.h"
#include "ir/kernel_dialect.h"

#include "mlir/Conversion/ArithToSPIRV/ArithToSPIRV.h"
#include "mlir/Conversion/GPUToSPIRV/GPUToSPIRV.h"
#include "mlir/Conversion/IndexToSPIRV/IndexToSPIRV.h"
#include "mlir/Conversion/MathToSPIRV/MathToSPIRV.h"
#include "mlir/Conversion/MemRefToSPIRV/MemRefToSPIRV.h"
#include "mlir/Conversion/SCFToSPIRV/SCFToSPIRV.h"
#include "mlir/Conversion/UBToSPIRV/UBToSPIRV.h"
#include "mlir/Conversion/VectorToSPIRV/VectorToSPIRV.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace ashlar::codegen {

#define GEN_PASS_DEF_LOWERTOSPIRV
#include "codegen/passes.h.inc"

namespace {

constexpr int64_t kAddressBytes = 8;
constexpr int64_t kScalarBytes = 4;

// The push constants of the module around `op`: `words` words of 32 bits, in pairs. lavapipe loads
// fast from an address that it knows to have the same base in all lanes, and does not know it of
// one that is put together from two words.
spirv::GlobalVariableOp push_constants(OpBuilder& builder, Operation* op, int64_t words) {
  auto module = op->getParentOfType<spirv::ModuleOp>();
  Block& body = *module.getBody();
  for (auto variable : body.getOps<spirv::GlobalVariableOp>())
    if (variable.storageClass() == spirv::StorageClass::PushConstant)
      return variable;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&body);
  auto pairs = spirv::ArrayType::get(builder.getI64Type(), static_cast<unsigned>((words + 1) / 2),
                                     static_cast<unsigned>(kAddressBytes));
  auto block = spirv::StructType::get({pairs}, {0});
  return spirv::GlobalVariableOp::create(
      builder, module.getLoc(), spirv::PointerType::get(block, spirv::StorageClass::PushConstant),
      "__push_constants__", FlatSymbolRefAttr());
}

Value i32_constant(OpBuilder& builder, Location loc, int64_t value) {
  return spirv::ConstantOp::create(builder, loc, builder.getI32Type(),
                                   builder.getI32IntegerAttr(static_cast<int32_t>(value)));
}

// Push-constant words 2 * `pair` and 2 * `pair` + 1 of `words` as one number.
Value pushed_pair(OpBuilder& builder, Operation* op, int64_t words, int64_t pair) {
  Location loc = op->getLoc();
  Value block = spirv::AddressOfOp::create(builder, loc, push_constants(builder, op, words));
  const Value path[] = {i32_constant(builder, loc, 0), i32_constant(builder, loc, pair)};
  Value pointer = spirv::AccessChainOp::create(builder, loc, block, ValueRange(path));
  return spirv::LoadOp::create(builder, loc, pointer);
}

Value pushed_word(OpBuilder& builder, Operation* op, int64_t words, int64_t number) {
  Location loc = op->getLoc();
  Value pair = pushed_pair(builder, op, words, number / 2);
  if (number % 2 == 1)
    pair = spirv::ShiftRightLogicalOp::create(builder, loc, pair, i32_constant(builder, loc, 32));
  return spirv::UConvertOp::create(builder, loc, builder.getI32Type(), pair);
}

Value pointer_at(OpBuilder& builder, Location loc, Value address, Type element) {
  auto pointer = spirv::PointerType::get(element, spirv::StorageClass::PhysicalStorageBuffer);
  return spirv::ConvertUToPtrOp::create(builder, loc, pointer, address);
}

// A pointer `offset` bytes into the dispatch record, whose address is the only push constant.
Value record_pointer(OpBuilder& builder, Operation* op, int64_t offset, Type element) {
  Location loc = op->getLoc();
  Type i64 = builder.getI64Type();
  Value address = pushed_pair(builder, op, 2, 0);
  if (offset != 0) {
    Value bytes = spirv::ConstantOp::create(builder, loc, i64, builder.getI64IntegerAttr(offset));
    address = spirv::IAddOp::create(builder, loc, address, bytes);
  }
  return pointer_at(builder, loc, address, element);
}

Value load_aligned(OpBuilder& builder, Location loc, Value pointer, int64_t bytes) {
  return spirv::LoadOp::create(
      builder, loc, pointer,
      spirv::MemoryAccessAttr::get(builder.getContext(), spirv::MemoryAccess::Aligned),
      builder.getI32IntegerAttr(static_cast<int32_t>(bytes)));
}

struct BufferLowering final : OpConversionPattern<kernel::BufferOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(kernel::BufferOp op, OpAdaptor,
                                ConversionPatternRewriter& rewriter) const override {
    auto pointer = dyn_cast_or_null<spirv::PointerType>(
        getTypeConverter()->convertType(op.getBuffer().getType()));
    if (!pointer || pointer.getStorageClass() != spirv::StorageClass::PhysicalStorageBuffer)
      return op.emitOpError("the target has no physical storage buffer of type ")
             << op.getBuffer().getType();
    rewriter.replaceOpWithNewOp<spirv::ConvertUToPtrOp>(op, pointer, address_of(op, rewriter));
    return success();
  }

private:
  static Value address_of(kernel::BufferOp op, OpBuilder& builder) {
    const auto index = static_cast<int64_t>(op.getIndex());
    Type i64 = builder.getI64Type();
    Value entry;
    if (auto words = op.getPushed()) {
      Value pushed = pushed_pair(builder, op, static_cast<int64_t>(*words), index);
      if (!op.getIndirect())
        return pushed;
      entry = pointer_at(builder, op.getLoc(), pushed, i64);
    } else {
      entry = record_pointer(builder, op, kAddressBytes * index, i64);
    }
    return load_aligned(builder, op.getLoc(), entry, kAddressBytes);
  }
};

struct ScalarLowering final : OpConversionPattern<kernel::ScalarOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(kernel::ScalarOp op, OpAdaptor,
                                ConversionPatternRewriter& rewriter) const override {
    if (auto words = op.getPushed()) {
      const auto number = static_cast<int64_t>(2 * op.getBuffers() + op.getIndex());
      rewriter.replaceOp(op, pushed_word(rewriter, op, static_cast<int64_t>(*words), number));
      return success();
    }
    int64_t offset = kAddressBytes * op.getBuffers() + kScalarBytes * op.getIndex();
    Value entry = record_pointer(rewriter, op, offset, rewriter.getI32Type());
    rewriter.replaceOp(op, load_aligned(rewriter, op.getLoc(), entry, kScalarBytes));
    return success();
  }
};

// The texel buffer `binding` of the module around `op`, as an image.
Value texel_buffer(OpBuilder& builder, Operation* op, int64_t binding) {
  const std::string name = "__texels_" + std::to_string(binding) + "__";
  auto module = op->getParentOfType<spirv::ModuleOp>();
  auto variable = module.lookupSymbol<spirv::GlobalVariableOp>(name);
  if (!variable) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    auto image = spirv::ImageType::get(
        builder.getI32Type(), spirv::Dim::Buffer, spirv::ImageDepthInfo::NoDepth,
        spirv::ImageArrayedInfo::NonArrayed, spirv::ImageSamplingInfo::SingleSampled,
        spirv::ImageSamplerUseInfo::NeedSampler);
    variable = spirv::GlobalVariableOp::create(
        builder, module.getLoc(),
        spirv::PointerType::get(image, spirv::StorageClass::UniformConstant), name,
        /*descriptorSet=*/0u, static_cast<unsigned>(binding));
  }
  Value pointer = spirv::AddressOfOp::create(builder, op->getLoc(), variable);
  return spirv::LoadOp::create(builder, op->getLoc(), pointer);
}

struct TexelLowering final : OpConversionPattern<kernel::TexelOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(kernel::TexelOp op, OpAdaptor operands,
                                ConversionPatternRewriter& rewriter) const override {
    Value image = texel_buffer(rewriter, op, static_cast<int64_t>(op.getBinding()));
    rewriter.replaceOpWithNewOp<spirv::ImageFetchOp>(op, op.getType(), image, operands.getAt(),
                                                     spirv::ImageOperandsAttr(), ValueRange());
    return success();
  }
};

template <typename Atomic>
Value create_atomic(OpBuilder& builder, Location loc, Value pointer, Value operand) {
  return Atomic::create(builder, loc, pointer, spirv::Scope::Device,
                        spirv::MemorySemantics::AcquireRelease, operand);
}

// Upstream has no atomics through physical pointers.
struct AtomicLowering final : OpConversionPattern<memref::AtomicRMWOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(memref::AtomicRMWOp op, OpAdaptor operands,
                                ConversionPatternRewriter& rewriter) const override {
    auto base = dyn_cast<spirv::PointerType>(operands.getMemref().getType());
    if (!base || base.getStorageClass() != spirv::StorageClass::PhysicalStorageBuffer)
      return failure();
    Value pointer =
        spirv::getElementPtr(*getTypeConverter<SPIRVTypeConverter>(), op.getMemRefType(),
                             operands.getMemref(), operands.getIndices(), op.getLoc(), rewriter);
    auto create = creator(op.getKind());
    if (!pointer || !create)
      return rewriter.notifyMatchFailure(op, "no such atomic");
    rewriter.replaceOp(op, create(rewriter, op.getLoc(), pointer, operands.getValue()));
    return success();
  }

private:
  using Creator = Value (*)(OpBuilder&, Location, Value, Value);

  static Creator creator(arith::AtomicRMWKind kind) {
    switch (kind) {
    case arith::AtomicRMWKind::addi:
      return create_atomic<spirv::AtomicIAddOp>;
    case arith::AtomicRMWKind::andi:
      return create_atomic<spirv::AtomicAndOp>;
    case arith::AtomicRMWKind::ori:
      return create_atomic<spirv::AtomicOrOp>;
    case arith::AtomicRMWKind::maxs:
      return create_atomic<spirv::AtomicSMaxOp>;
    case arith::AtomicRMWKind::maxu:
      return create_atomic<spirv::AtomicUMaxOp>;
    case arith::AtomicRMWKind::mins:
      return create_atomic<spirv::AtomicSMinOp>;
    case arith::AtomicRMWKind::minu:
      return create_atomic<spirv::AtomicUMinOp>;
    default:
      return nullptr;
    }
  }
};

// Upstream sums f32 vectors with OpDot, whose order of additions is the driver's choice.
struct OrderedSum final : OpRewritePattern<vector::ReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ReductionOp op, PatternRewriter& rewriter) const override {
    VectorType type = op.getSourceVectorType();
    if (op.getKind() != vector::CombiningKind::ADD || type.getRank() != 1 || type.isScalable() ||
        !isa<FloatType>(type.getElementType()))
      return failure();
    Value sum = op.getAcc();
    for (int64_t lane = 0; lane < type.getDimSize(0); ++lane) {
      Value element = vector::ExtractOp::create(rewriter, op.getLoc(), op.getVector(), lane);
      sum = sum ? Value(arith::AddFOp::create(rewriter, op.getLoc(), sum, element)) : element;
    }
    rewriter.replaceOp(op, sum);
    return success();
  }
};

void populate_patterns(SPIRVTypeConverter& types, ScfToSPIRVContext& scf,
                       RewritePatternSet& patterns) {
  populateGPUToSPIRVPatterns(types, patterns);
  populate_matrix_patterns(types, patterns);
  populateSCFToSPIRVPatterns(types, scf, patterns);
  arith::populateArithToSPIRVPatterns(types, patterns);
  populateMathToSPIRVPatterns(types, patterns);
  populateMemRefToSPIRVPatterns(types, patterns);
  populateVectorToSPIRVPatterns(types, patterns);
  index::populateIndexToSPIRVPatterns(types, patterns);
  ub::populateUBToSPIRVConversionPatterns(types, patterns);
  patterns.add<AtomicLowering, BufferLowering, ScalarLowering, TexelLowering>(
      types, patterns.getContext());
}

struct LowerToSpirv final : impl::LowerToSpirvBase<LowerToSpirv> {
  LogicalResult lower(gpu::GPUModuleOp kernel) {
    RewritePatternSet ordered(&getContext());
    ordered.add<OrderedSum>(&getContext());
    walkAndApplyPatterns(kernel, std::move(ordered));

    spirv::TargetEnvAttr env = spirv::lookupTargetEnv(kernel);
    if (!env)
      return kernel.emitOpError("needs spirv.target_env on an enclosing op");
    SPIRVConversionOptions options;
    // A type that the device lacks is an error: emulation would silently change buffer layouts.
    options.emulateLT32BitScalarTypes = false;
    options.emulateUnsupportedFloatTypes = false;
    SPIRVTypeConverter types(env, options);
    ScfToSPIRVContext scf;
    RewritePatternSet patterns(&getContext());
    populate_patterns(types, scf, patterns);
    auto target = SPIRVConversionTarget::get(env);
    return applyFullConversion(kernel, *target, std::move(patterns));
  }

  void runOnOperation() override {
    for (gpu::GPUModuleOp kernel :
         llvm::make_early_inc_range(getOperation().getOps<gpu::GPUModuleOp>()))
      if (failed(lower(kernel)))
        return signalPassFailure();
    for (auto shader : getOperation().getOps<spirv::ModuleOp>())
      if (failed(store_loop_inits(shader)))
        return signalPassFailure();
  }
};

}  // namespace
}  // namespace ashlar::codegen
