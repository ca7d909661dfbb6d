// SPDX-License-Identifier: Apache-2.0
// The op table at run time: one row per array operation, generated from ir/array_ops.td.
// Free of MLIR, immutable, safe from any thread.
#pragma once

#include "ir/attributes.h"
#include "runtime/program/dtype.h"
#include "runtime/program/shape.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ashlar {

enum class OpKind : std::uint16_t {
#include "ir/op_kinds.inc"
};

enum class OpClass : std::uint8_t {
  source,
  elementwise,
  movement,
  reduction,
  contraction,
  gather,
  scan,
  sort,
  random,
  attention,
  quantized,
};

enum class ArgumentKind : std::uint8_t {
  operand,
  operands,          // variadic; always the only operand argument
  optional_operand,  // always the last operand
  boolean,
  integer,
  integers,
  real,
  dtype,
  strings,
  symbol,
  elements,
};

struct ArgumentInfo {
  std::string_view name;
  ArgumentKind kind;
};

// A tensor's type. A dimension of kDynamic stands for the rows of a growable state.
struct ArrayType {
  DType dtype;
  Shape shape;
  bool operator==(const ArrayType&) const = default;
};

inline constexpr std::int64_t kDynamic = -1;

using InferFn = ArrayType (*)(std::span<const ArrayType> operands, const Attributes& attributes);

struct OpInfo {
  OpKind kind;
  std::string_view name;
  OpClass op_class;
  std::vector<ArgumentInfo> arguments;
  std::vector<DType> dtypes;  // element types of the operands that carry data
  InferFn infer;              // null: the type is given, not derived (weight, state_read, constant)
  std::string_view derivative;      // `vjp_<name>` of runtime/array/rules; empty: none flows
  std::string_view nondiff_reason;  // why none flows
  std::string_view summary;
};

const OpInfo& op_info(OpKind kind);
std::span<const OpInfo> all_ops();
std::optional<OpKind> find_op(std::string_view name);

// The result type of an op. Throws InvalidArgument naming the op and what disagrees.
ArrayType infer_type(OpKind kind, std::span<const ArrayType> operands,
                     const Attributes& attributes);

}  // namespace ashlar
