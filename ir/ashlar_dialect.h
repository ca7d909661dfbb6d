// SPDX-License-Identifier: Apache-2.0
// The `ashlar` dialect: array ops on tensors (level L0). Ops are defined in ir/array_ops.td.
#pragma once

#include "ir/op_info.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "ir/ashlar_dialect.h.inc"

#define GET_OP_CLASSES
#include "ir/ashlar_ops.h.inc"

namespace ashlar::ir {

// Names an argument or result of an entry, for those who call the program.
inline constexpr llvm::StringLiteral kNameAttribute = "ashlar.name";
// Marks an argument of an entry whose memory results may take.
inline constexpr llvm::StringLiteral kDonatedAttribute = "ashlar.donated";

// Between tensor types and array types. `type_of` returns nothing for element types outside DType.
std::optional<DType> dtype_of(mlir::Type element_type);
mlir::Type element_type_of(mlir::MLIRContext* context, DType dtype);
std::optional<ArrayType> array_type_of(mlir::Type type);
mlir::RankedTensorType tensor_type_of(mlir::MLIRContext* context, const ArrayType& type);

// The table row of an array op; null for other operations.
const OpInfo* find_op_info(mlir::Operation* op);

// Attributes of an array op as plain values (those of kinds that ir/attributes.h has).
Attributes attributes_of(mlir::Operation* op);
mlir::Attribute to_mlir(mlir::MLIRContext* context, const AttributeValue& value);

// Builds an array op of any kind; the result type comes from its rule. Requires operands and
// attributes that fit: asserts in the compiler's own rewrites, where they do.
mlir::Value create_op(mlir::OpBuilder& builder, mlir::Location location, OpKind kind,
                      mlir::ValueRange operands, const Attributes& attributes = {});

// Adds every dialect that Ashlar's IR uses.
void register_dialects(mlir::DialectRegistry& registry);

}  // namespace ashlar::ir
