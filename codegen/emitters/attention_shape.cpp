// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/attention_shape.h"

#include "codegen/emitters/element.h"

using namespace mlir;

namespace ashlar::codegen {

AttentionShape::AttentionShape(Operation* op, kernel::AttentionTile rows_of_workgroup)
    : tile(rows_of_workgroup) {
  ArrayRef<std::int64_t> query = shape_of(op->getOperand(0)), value = shape_of(op->getOperand(2));
  batch = query[0];
  steps = query[1];
  heads = query[2];
  head_size = query[3];
  groups = value[2];
  value_size = value[3];
  auto integer = [&](StringRef name) {
    auto attribute = op->getAttrOfType<IntegerAttr>(name);
    return attribute ? attribute.getInt() : 0;
  };
  auto real = [&](StringRef name) { return op->getAttrOfType<FloatAttr>(name).getValueAsDouble(); };
  splits = integer("splits");
  scale = real("scale");
  softcap = real("softcap");
  causal = op->getAttrOfType<BoolAttr>("causal").getValue();
  window = integer("window");
  ring = integer("ring");
  has_sinks = op->getNumOperands() > kSinks;
}

std::int64_t AttentionShape::head_blocks() const {
  return (heads_per_group() + tile.heads - 1) / tile.heads;
}

std::int64_t AttentionShape::step_blocks() const {
  return (steps + tile.steps - 1) / tile.steps;
}

AttentionPlace place_attention(KernelBuilder& b, const AttentionShape& shape,
                               llvm::function_ref<Value(unsigned operand, Value batch)> read) {
  const std::int64_t splits = std::max<std::int64_t>(shape.splits, 1);
  const Values parts = b.delinearize(
      b.workgroup(), {shape.batch, shape.groups, shape.head_blocks(), shape.step_blocks(), splits});
  AttentionPlace place;
  place.batch = parts[0];
  place.group = parts[1];
  place.first_head = b.mul(parts[2], shape.tile.heads);
  place.first_step = b.mul(parts[3], shape.tile.steps);
  place.split = parts[4];
  place.tile_number = splits == 1 ? b.workgroup() : b.div(b.workgroup(), splits);
  place.position = b.to_index(read(3, place.batch));
  Value high = b.to_index(read(4, place.batch));
  Value last_step = b.min(b.add(place.first_step, shape.tile.steps - 1), b.index(shape.steps - 1));
  place.low = b.index(0);
  if (shape.causal)
    high = b.min(high, b.add(b.add(place.position, last_step), 1));
  if (shape.window > 0)
    place.low = b.max(place.low, b.add(b.add(place.position, place.first_step), 1 - shape.window));
  place.count = b.max(b.sub(high, place.low), b.index(0));
  return place;
}

void divide_keys(KernelBuilder& b, const AttentionShape& shape, std::int64_t least_keys,
                 AttentionPlace& place) {
  const std::int64_t splits = std::max<std::int64_t>(shape.splits, 1);
  Value share = b.div_ceil(place.count, splits);
  place.used_splits = b.index(splits);
  if (least_keys > 0) {
    share = b.select(b.less_equal(place.count, b.index(2 * least_keys)), b.index(2 * least_keys),
                     b.max(share, b.index(least_keys)));
    const Value full = b.sub(b.add(place.count, share), b.index(1));
    place.used_splits = b.max(b.make<arith::DivUIOp>(full, share), b.index(1));
  }
  place.begin = b.add(place.low, b.mul(place.split, share));
  place.end = b.min(b.add(place.begin, share), b.add(place.low, place.count));
}

void for_numbers(KernelBuilder& b, Value first, std::int64_t count, std::int64_t step,
                 llvm::function_ref<void(Value)> body) {
  if (count > step)
    return b.for_each(first, b.index(count), b.index(step), body);
  count == step ? body(first) : b.if_then(b.less(first, count), [&] { body(first); });
}

Value TileRows::step(Value row) const {
  return b_.add(place_.first_step, b_.div(row, shape_.tile.heads));
}

Value TileRows::head_in_group(Value row) const {
  return b_.add(place_.first_head, b_.rem(row, shape_.tile.heads));
}

Value TileRows::head(Value row) const {
  return b_.add(first_of_group(), head_in_group(row));
}

Value TileRows::existing_step(Value row) const {
  return b_.min(step(row), b_.index(shape_.steps - 1));
}

Value TileRows::existing_head(Value row) const {
  return b_.add(first_of_group(),
                b_.min(head_in_group(row), b_.index(shape_.heads_per_group() - 1)));
}

Value TileRows::exists(Value row) const {
  return b_.both(b_.less(step(row), shape_.steps),
                 b_.less(head_in_group(row), shape_.heads_per_group()));
}

}  // namespace ashlar::codegen
