// SPDX-License-Identifier: Apache-2.0
#include "ir/kernel_dialect.h"

#include "ir/kernel_region.h"
#include "ir/strided_kernel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

#include "ir/kernel_dialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/kernel_attrs.cpp.inc"

#define GET_OP_CLASSES
#include "ir/kernel_ops.cpp.inc"

using namespace mlir;

namespace ashlar::kernel {

void KernelDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/kernel_attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/kernel_ops.cpp.inc"
      >();
}

int64_t ScheduleAttr::get(StringRef parameter, int64_t otherwise) const {
  auto value = getParameters().getAs<IntegerAttr>(parameter);
  return value ? value.getInt() : otherwise;
}

// Shared by kernel.fused and kernel.def: inputs are the block's arguments, outputs what it yields.
static LogicalResult verify_region(Operation* op, Block& body, ArrayRef<int64_t> inplace) {
  if (body.empty() || !isa<YieldOp>(body.back()))
    return op->emitOpError("body must end in kernel.yield");
  auto yield = cast<YieldOp>(body.back());
  if (inplace.size() != yield.getValues().size())
    return op->emitOpError("inplace: expected ")
           << yield.getValues().size() << " entries, got " << inplace.size();
  for (auto [result, operand] : llvm::enumerate(inplace)) {
    if (operand < -1 || operand >= static_cast<int64_t>(body.getNumArguments()))
      return op->emitOpError("inplace: no input ") << operand;
    if (operand >= 0 && yield.getOperand(result).getType() != body.getArgument(operand).getType())
      return op->emitOpError("inplace: output ")
             << result << " and input " << operand << " differ in type";
  }
  return success();
}

// The body of a strided kernel has one element where its user has a tensor.
static bool fit(TypeRange formal, TypeRange actual, bool strided) {
  if (!strided || formal.size() != actual.size())
    return formal == actual;
  return llvm::all_of(llvm::zip(formal, actual), [](auto types) {
    auto [a, b] = types;
    return getElementTypeOrSelf(a) == getElementTypeOrSelf(b);
  });
}

LogicalResult FusedOp::verify() {
  Block& body = getBody().front();
  if (failed(verify_region(*this, body, getInplace())))
    return failure();
  if (!fit(body.getArgumentTypes(), getInputs().getTypes(), getScalars().has_value()))
    return emitOpError("block arguments do not match the inputs");
  if (!fit(body.getTerminator()->getOperandTypes(), getOutputs().getTypes(),
           getScalars().has_value()))
    return emitOpError("yielded values do not match the outputs");
  return success();
}

static bool may_read_texels(DefOp def, std::int64_t number) {
  const RegionView region = view_of(def);
  const BlockArgument input = region.body->getArgument(static_cast<unsigned>(number));
  return !is_updated(region, input) || reads_only_old_rows(region, input);
}

LogicalResult DefOp::verify() {
  Block& body = getBody().front();
  for (std::int64_t number : getTexels().value_or(ArrayRef<std::int64_t>()))
    if (number < 0 || number >= body.getNumArguments() || !may_read_texels(*this, number))
      return emitOpError("input ") << number << " cannot be read as texels";
  return verify_region(*this, body, getInplace());
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection& symbols) {
  auto def = symbols.lookupNearestSymbolFrom<DefOp>(*this, getKernelAttr());
  if (!def)
    return emitOpError("no kernel.def named ") << getKernel();
  Block& body = def.getBody().front();
  const std::int64_t scalars = getScalars() ? static_cast<std::int64_t>(getScalars()->size()) : 0;
  if (scalars != scalar_count(def))
    return emitOpError("kernel.def ")
           << getKernel() << " needs " << scalar_count(def) << " scalars, got " << scalars;
  if (!fit(body.getArgumentTypes(), getInputs().getTypes(), scalars > 0) ||
      !fit(body.getTerminator()->getOperandTypes(), getOutputs().getTypes(), scalars > 0))
    return emitOpError("types do not match kernel.def ") << getKernel();
  return success();
}

}  // namespace ashlar::kernel
