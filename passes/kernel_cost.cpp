// SPDX-License-Identifier: Apache-2.0
#include "passes/kernel_cost.h"

#include "ir/ashlar_dialect.h"
#include "passes/op_classes.h"

#include "mlir/IR/Builders.h"

#include <numeric>

using namespace mlir;

namespace ashlar {

DictionaryAttr KernelCost::to_attribute(MLIRContext* context) const {
  Builder builder(context);
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("bytes_read", builder.getI64IntegerAttr(bytes_read)),
       builder.getNamedAttr("bytes_written", builder.getI64IntegerAttr(bytes_written)),
       builder.getNamedAttr("flops", builder.getI64IntegerAttr(flops)),
       builder.getNamedAttr("reads", builder.getDenseI64ArrayAttr(reads)),
       builder.getNamedAttr("writes", builder.getDenseI64ArrayAttr(writes))});
}

KernelCost KernelCost::from_attribute(DictionaryAttr attribute) {
  if (!attribute)
    return {};
  auto number = [&](StringRef name) -> std::int64_t {
    auto value = attribute.getAs<IntegerAttr>(name);
    return value ? value.getInt() : 0;
  };
  auto list = [&](StringRef name) -> std::vector<std::int64_t> {
    auto values = attribute.getAs<DenseI64ArrayAttr>(name);
    return values ? values.asArrayRef().vec() : std::vector<std::int64_t>();
  };
  return {number("bytes_read"), number("bytes_written"), number("flops"), list("reads"),
          list("writes")};
}

namespace {

// Rows of a key/value cache that one pass of attention reads.
std::int64_t rows_attended(Operation* attention, std::int64_t kv_length) {
  std::int64_t rows = kv_length;
  if (auto window = attention->getAttrOfType<IntegerAttr>("window"); window && window.getInt() > 0)
    rows = std::min(rows, window.getInt());
  return rows;
}

bool is_attention(Operation* op) {
  return isa<ir::AttentionOp, kernel::AttentionPartialOp>(op);
}

std::int64_t extent(Type tensor, unsigned axis) {
  return cast<RankedTensorType>(tensor).getDimSize(axis);
}

std::int64_t bytes_used_of(Value value, std::int64_t kv_length);

// Bytes that `use` needs of a kernel's input, or of what such inputs are unpacked to.
std::int64_t bytes_used(OpOperand& use, std::int64_t kv_length) {
  Operation* user = use.getOwner();
  const Type type = use.get().getType();
  if (is_scatter(user) && use.getOperandNumber() == 0) {
    // What is appended to is read by the attention of the same kernel.
    std::int64_t read = 0;
    for (Operation* reader : user->getUsers())
      if (is_attention(reader))
        read = std::max(read, byte_size(type, rows_attended(reader, kv_length)));
    return read;
  }
  if (isa<kernel::YieldOp>(user))
    return isa<BlockArgument>(use.get()) ? 0 : byte_size(type);
  if (isa<ir::SliceOp>(user))
    return std::min(bytes_used_of(user->getResult(0), kv_length), byte_size(type, kv_length));
  if (isa<ir::TakeOp, ir::TakeAlongAxisOp>(user) && use.getOperandNumber() == 0)
    return std::min(byte_size(user->getResult(0).getType()), byte_size(type, kv_length));
  if (is_attention(user))
    return byte_size(type, rows_attended(user, kv_length));
  if (isa<ir::ExpertMatmulOp, kernel::GroupedMatmulOp>(user) && use.getOperandNumber() == 1)
    return byte_size(type) / extent(type, 0) *
           std::min(extent(type, 0), element_count(user->getOperand(2)));
  if (kernel::is_unpacking(user)) {
    // As large a part of what is packed as is needed of what it is unpacked to.
    const Value unpacked = user->getResult(0);
    const auto whole =
        static_cast<double>(std::max<std::int64_t>(byte_size(unpacked.getType()), 1));
    const double part = static_cast<double>(bytes_used_of(unpacked, kv_length)) / whole;
    return static_cast<std::int64_t>(static_cast<double>(byte_size(type)) * part);
  }
  return byte_size(type, kv_length);
}

// Several uses share what they read: never more than the whole value.
std::int64_t bytes_used_of(Value value, std::int64_t kv_length) {
  std::int64_t sum = 0;
  for (OpOperand& use : value.getUses())
    sum += bytes_used(use, kv_length);
  return std::min(sum, byte_size(value.getType(), kv_length));
}

std::int64_t flops_of(Operation* op, std::int64_t kv_length) {
  if (auto matmul = dyn_cast<ir::MatmulOp>(op))
    return 2 * element_count(matmul.getResult()) * kernel::innermost(matmul.getLhs().getType());
  if (isa<ir::ExpertMatmulOp, kernel::GroupedMatmulOp>(op))
    return 2 * element_count(op->getOperand(0)) * kernel::innermost(op->getResult(0).getType());
  if (is_attention(op)) {
    auto query = cast<RankedTensorType>(op->getOperand(0).getType());
    auto value = cast<RankedTensorType>(op->getOperand(2).getType());
    const std::int64_t pairs =
        query.getNumElements() / query.getDimSize(3) * rows_attended(op, kv_length);
    return 2 * pairs * (query.getDimSize(3) + value.getDimSize(3));
  }
  if (kernel::is_reduction(op) || isa<ir::CumsumOp>(op))
    return element_count(op->getOperand(0));
  return is_elementwise(op) && !isa<ir::CastOp>(op) ? element_count(op->getResult(0)) : 0;
}

}  // namespace

KernelCost cost_of(const kernel::RegionView& region, std::int64_t kv_length) {
  KernelCost cost;
  for (BlockArgument input : region.body->getArguments())
    cost.reads.push_back(bytes_used_of(input, kv_length));
  cost.reads.resize(cost.reads.size() + static_cast<std::size_t>(llvm::count(region.inplace, -1)),
                    0);
  cost.writes.resize(cost.reads.size(), 0);
  for (const kernel::Store& store :
       kernel::stores_of(region).value_or(SmallVector<kernel::Store>()))
    cost.writes[store.buffer] += byte_size(store.value.getType());
  cost.bytes_read = std::accumulate(cost.reads.begin(), cost.reads.end(), std::int64_t{0});
  cost.bytes_written = std::accumulate(cost.writes.begin(), cost.writes.end(), std::int64_t{0});
  for (Operation& op : *region.body)
    cost.flops += flops_of(&op, kv_length);
  return cost;
}

}  // namespace ashlar
