// SPDX-License-Identifier: Apache-2.0
#include "ir/ashlar_dialect.h"

#include "runtime/program/error.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

#include "ir/ashlar_dialect.cpp.inc"

#define GET_OP_CLASSES
#include "ir/ashlar_ops.cpp.inc"

using namespace mlir;

namespace ashlar::ir {

void AshlarDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "ir/ashlar_ops.cpp.inc"
      >();
}

std::optional<DType> dtype_of(Type type) {
  if (type.isF32())
    return DType::f32;
  if (type.isF16())
    return DType::f16;
  if (type.isBF16())
    return DType::bf16;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  if (integer.getWidth() == 1 && integer.isSignless())
    return DType::boolean;
  if (integer.isSigned())
    return std::nullopt;
  const bool is_unsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 8:
    return is_unsigned ? DType::u8 : DType::i8;
  case 16:
    return is_unsigned ? DType::u16 : DType::i16;
  case 32:
    return is_unsigned ? DType::u32 : DType::i32;
  case 64:
    return is_unsigned ? DType::u64 : DType::i64;
  default:
    return std::nullopt;
  }
}

Type element_type_of(MLIRContext* context, DType dtype) {
  Builder builder(context);
  switch (dtype) {
  case DType::boolean:
    return builder.getI1Type();
  case DType::f32:
    return builder.getF32Type();
  case DType::f16:
    return builder.getF16Type();
  case DType::bf16:
    return builder.getBF16Type();
  case DType::complex64:
    return ComplexType::get(builder.getF32Type());
  default:
    return IntegerType::get(context, static_cast<unsigned>(size_of(dtype) * 8),
                            is_signed(dtype) ? IntegerType::Signless : IntegerType::Unsigned);
  }
}

std::optional<ArrayType> array_type_of(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return std::nullopt;
  auto dtype = dtype_of(tensor.getElementType());
  if (!dtype)
    return std::nullopt;
  std::vector<std::int64_t> dims;
  for (std::int64_t d : tensor.getShape())
    dims.push_back(ShapedType::isDynamic(d) ? kDynamic : d);
  return ArrayType{*dtype, Shape(std::move(dims))};
}

RankedTensorType tensor_type_of(MLIRContext* context, const ArrayType& type) {
  SmallVector<std::int64_t> dims;
  for (std::int64_t d : type.shape.dims())
    dims.push_back(d == kDynamic ? ShapedType::kDynamic : d);
  return RankedTensorType::get(dims, element_type_of(context, type.dtype));
}

const OpInfo* find_op_info(Operation* op) {
  if (!isa<AshlarDialect>(op->getDialect()))
    return nullptr;
  auto kind = find_op(op->getName().stripDialect());
  return kind ? &op_info(*kind) : nullptr;
}

static std::optional<AttributeValue> from_mlir(Attribute attribute) {
  if (auto value = dyn_cast<BoolAttr>(attribute))
    return value.getValue();
  if (auto value = dyn_cast<IntegerAttr>(attribute))
    return value.getInt();
  if (auto value = dyn_cast<FloatAttr>(attribute))
    return value.getValueAsDouble();
  if (auto value = dyn_cast<DenseI64ArrayAttr>(attribute))
    return std::vector<std::int64_t>(value.asArrayRef());
  if (auto value = dyn_cast<TypeAttr>(attribute))
    if (auto dtype = dtype_of(value.getValue()))
      return *dtype;
  return std::nullopt;
}

Attributes attributes_of(Operation* op) {
  Attributes attributes;
  for (NamedAttribute attribute : op->getAttrs())
    if (auto value = from_mlir(attribute.getValue()))
      attributes.set(attribute.getName().getValue(), *value);
  return attributes;
}

Attribute to_mlir(MLIRContext* context, const AttributeValue& value) {
  Builder builder(context);
  struct Visitor {
    Builder& b;
    Attribute operator()(bool v) const { return b.getBoolAttr(v); }
    Attribute operator()(std::int64_t v) const { return b.getI64IntegerAttr(v); }
    Attribute operator()(double v) const { return b.getF64FloatAttr(v); }
    Attribute operator()(DType v) const {
      return TypeAttr::get(element_type_of(b.getContext(), v));
    }
    Attribute operator()(const std::string& v) const { return b.getStringAttr(v); }
    Attribute operator()(const std::vector<std::int64_t>& v) const {
      return b.getDenseI64ArrayAttr(v);
    }
    Attribute operator()(const std::vector<std::string>& v) const {
      return b.getStrArrayAttr(SmallVector<StringRef>(v.begin(), v.end()));
    }
  };
  return std::visit(Visitor{builder}, value);
}

Value create_op(OpBuilder& builder, Location location, OpKind kind, ValueRange operands,
                const Attributes& attributes) {
  SmallVector<ArrayType> types;
  for (Value operand : operands)
    types.push_back(*array_type_of(operand.getType()));
  MLIRContext* context = builder.getContext();
  OperationState state(location, ("ashlar." + StringRef(op_info(kind).name)).str());
  state.addOperands(operands);
  state.addTypes(
      tensor_type_of(context, infer_type(kind, {types.data(), types.size()}, attributes)));
  for (const auto& [name, value] : attributes.values())
    state.addAttribute(name, to_mlir(context, value));
  return builder.create(state)->getResult(0);
}

// ---- Verifiers

static LogicalResult verify_array_op(Operation* op) {
  const OpInfo* info = find_op_info(op);
  auto result = array_type_of(op->getResult(0).getType());
  if (!result)
    return op->emitOpError("result element type is not an array element type");
  SmallVector<ArrayType> operands;
  for (Value operand : op->getOperands()) {
    auto type = array_type_of(operand.getType());
    if (!type)
      return op->emitOpError("operand element type is not an array element type");
    operands.push_back(*type);
  }
  if (!info->infer)
    return success();
  // Exceptions stay inside this function: no MLIR frame lies between throw and catch.
  std::string mismatch;
  try {
    const ArrayType expected =
        infer_type(info->kind, {operands.data(), operands.size()}, attributes_of(op));
    if (expected != *result)
      mismatch = fmt::format("result type: expected {}{}", name_of(expected.dtype),
                             expected.shape.to_string());
  } catch (const Error& error) {
    mismatch = error.message();
  }
  return mismatch.empty() ? success() : op->emitOpError(mismatch);
}

#define ASHLAR_VERIFY(OP)                                                                          \
  LogicalResult OP::verify() {                                                                     \
    return verify_array_op(*this);                                                                 \
  }
#include "ir/op_verifiers.inc"
#undef ASHLAR_VERIFY

LogicalResult StateOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  for (std::int64_t axis = 0; axis < type.getRank(); ++axis)
    if (type.isDynamicDim(static_cast<unsigned>(axis)) && axis != 0)
      return emitOpError("only axis 0 of a state may be dynamic");
  const bool growable = type.getRank() > 0 && type.isDynamicDim(0);
  if (growable != getCapacity().has_value())
    return emitOpError("a capacity belongs to a growable state, and only to one");
  StringRef residency = getResidency();
  if (residency != "state" && residency != "step" && residency != "ring")
    return emitOpError("residency: expected state, step or ring, got ") << residency;
  return success();
}

// ---- Folders: movement ops that change nothing

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  for (auto [i, axis] : llvm::enumerate(getPermutation()))
    if (static_cast<std::int64_t>(i) != axis)
      return {};
  return getInput();
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  const bool whole = getInput().getType() == getType() &&
                     llvm::all_of(getSteps(), [](std::int64_t s) { return s == 1; });
  return whole ? OpFoldResult(getInput()) : OpFoldResult();
}

}  // namespace ashlar::ir
