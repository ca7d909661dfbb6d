// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/attention_shape.h"

using namespace mlir;

namespace ashlar::codegen {

AttentionShape::AttentionShape(Operation* op) {
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
}

std::int64_t AttentionShape::head_blocks(kernel::AttentionTile tile) const {
  return (heads_per_group() + tile.heads - 1) / tile.heads;
}

std::int64_t AttentionShape::step_blocks(kernel::AttentionTile tile) const {
  return (steps + tile.steps - 1) / tile.steps;
}

AttentionPlace place_attention(Elements& elements, Operation* root, const AttentionShape& shape,
                               kernel::AttentionTile tile, ValueRange place) {
  KernelBuilder& b = elements.builder();
  AttentionPlace p;
  p.batch = place[0];
  p.group = place[1];
  p.first_head = b.mul(place[2], tile.heads);
  p.first_step = b.mul(place[3], tile.steps);
  p.split = place[4];
  p.position = b.to_index(elements.at(root->getOperand(3), {p.batch}));
  const Value length = b.to_index(elements.at(root->getOperand(4), {p.batch}));
  const Value last_step = b.min(b.add(p.first_step, tile.steps - 1), b.index(shape.steps - 1));
  Value low = b.index(0), high = length;
  if (shape.causal)
    high = b.min(high, b.add(b.add(p.position, last_step), 1));
  if (shape.window > 0)
    low = b.max(low, b.add(b.add(p.position, p.first_step), 1 - shape.window));
  const Value count = b.max(b.sub(high, low), b.index(0));
  const Value share = b.div_ceil(count, std::max<std::int64_t>(shape.splits, 1));
  p.begin = b.add(low, b.mul(p.split, share));
  p.end = b.min(b.add(p.begin, share), b.add(low, count));
  return p;
}

}  // namespace ashlar::codegen
