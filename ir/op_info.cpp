// SPDX-License-Identifier: Apache-2.0
#include "ir/op_info.h"

#include "ir/infer.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

const std::vector<OpInfo>& table() {
  static const std::vector<OpInfo> infos = {
#include "ir/op_infos.inc"
  };
  return infos;
}

void check_dtypes(const OpInfo& info, std::span<const ArrayType> operands) {
  // Index-like operands (conditions, indices, positions) have their own rules in infer.cpp.
  const bool data_first = info.op_class != OpClass::elementwise || info.kind != OpKind::select;
  const ArrayType* data = operands.empty() ? nullptr : &operands[data_first ? 0 : 1];
  if (data && std::ranges::find(info.dtypes, data->dtype) == info.dtypes.end())
    throw InvalidArgument(info.name, "does not take {}; cast the operand first",
                          name_of(data->dtype));
}

}  // namespace

const OpInfo& op_info(OpKind kind) {
  return table()[static_cast<std::size_t>(kind)];
}

std::span<const OpInfo> all_ops() {
  return table();
}

std::optional<OpKind> find_op(std::string_view name) {
  for (const OpInfo& info : table())
    if (info.name == name)
      return info.kind;
  return std::nullopt;
}

ArrayType infer_type(OpKind kind, std::span<const ArrayType> operands,
                     const Attributes& attributes) {
  const OpInfo& info = op_info(kind);
  check_dtypes(info, operands);
  try {
    return info.infer(operands, attributes);
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(info.name, error.message());
  }
}

}  // namespace ashlar
