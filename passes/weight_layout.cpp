// SPDX-License-Identifier: Apache-2.0
#include "passes/weight_layout.h"

#include "passes/arena.h"
#include "passes/op_classes.h"

using namespace mlir;

namespace ashlar {
namespace {

// The type of each of a stack's tensors. Only single weights have a type in the IR. Members lie
// along a new axis 0, or along their own one: then stack-weights keeps their extents in `rows`.
FailureOr<SmallVector<RankedTensorType>> member_types(ir::WeightOp weight) {
  auto type = cast<RankedTensorType>(weight.getType());
  const std::size_t members = weight.getNames().size();
  if (members == 1)
    return SmallVector<RankedTensorType>{type};
  if (!weight->hasAttr("rows") && type.getRank() > 0 &&
      type.getDimSize(0) == static_cast<std::int64_t>(members))
    return SmallVector<RankedTensorType>(
        members, RankedTensorType::get(type.getShape().drop_front(), type.getElementType()));
  auto rows = weight->getAttrOfType<DenseI64ArrayAttr>("rows");
  if (!rows || static_cast<std::size_t>(rows.size()) != members || type.getRank() == 0)
    return weight.emitOpError("stacks ") << members << " weights without saying the rows of each";
  SmallVector<RankedTensorType> types;
  std::int64_t total = 0;
  for (std::int64_t extent : rows.asArrayRef()) {
    SmallVector<std::int64_t> shape(type.getShape());
    shape[0] = extent;
    total += extent;
    types.push_back(RankedTensorType::get(shape, type.getElementType()));
  }
  if (total != type.getDimSize(0))
    return weight.emitOpError("stacks ") << total << " rows, expected " << type.getDimSize(0);
  return types;
}

}  // namespace

FailureOr<WeightLayout> WeightLayout::of(ModuleOp module) {
  SmallVector<ir::WeightOp> weights;
  module.walk([&](ir::WeightOp weight) { weights.push_back(weight); });
  // Longer stacks first, so that shorter ones find their members in place.
  llvm::stable_sort(weights, [](ir::WeightOp a, ir::WeightOp b) {
    return a.getNames().size() > b.getNames().size();
  });
  WeightLayout layout;
  llvm::StringMap<RankedTensorType> types;
  for (ir::WeightOp weight : weights) {
    auto members = member_types(weight);
    if (failed(members))
      return failure();
    std::size_t known = 0;
    for (auto [name, type] :
         llvm::zip_equal(weight.getNames().getAsRange<StringAttr>(), *members)) {
      known += layout.places_.contains(name.getValue()) ? 1 : 0;
      auto [slot, is_new] = types.try_emplace(name.getValue(), type);
      if (slot->second != type)
        return weight.emitOpError("weight ")
               << name << " is used as " << slot->second << " and as " << type;
    }
    if (known == 0) {
      WeightGroupLayout& group = layout.groups_.emplace_back();
      for (auto [name, type] :
           llvm::zip_equal(weight.getNames().getAsRange<StringAttr>(), *members)) {
        layout.places_[name.getValue()] = {layout.groups_.size() - 1, group.bytes};
        group.weights.push_back({name.str(), type, group.bytes});
        group.bytes += byte_size(type);
      }
      continue;
    }
    // Members must already lie one after another.
    std::int64_t expected = -1;
    for (auto [name, type] :
         llvm::zip_equal(weight.getNames().getAsRange<StringAttr>(), *members)) {
      auto place = layout.places_.find(name.getValue());
      const bool adjacent = place != layout.places_.end() &&
                            place->second.group == layout.place_of(weight).group &&
                            (expected < 0 || place->second.offset == expected);
      if (!adjacent)
        return weight.emitOpError("weight ") << name << " cannot lie in two stacks";
      expected = place->second.offset + byte_size(type);
    }
  }
  return layout;
}

WeightPlace WeightLayout::place_of(ir::WeightOp weight) const {
  return places_.lookup(cast<StringAttr>(weight.getNames()[0]).getValue());
}

}  // namespace ashlar
