// SPDX-License-Identifier: Apache-2.0
#include "passes/plan_ranges.h"

using namespace mlir;

namespace ashlar {

bool overlaps(plan::RangeAttr a, plan::RangeAttr b) {
  return a.getSpace() == b.getSpace() && a.getIndex() == b.getIndex() &&
         a.getOffset() < b.getOffset() + b.getBytes() &&
         b.getOffset() < a.getOffset() + a.getBytes();
}

bool conflicts(plan::RangeAttr a, plan::RangeAttr b) {
  return (writes(a) || writes(b)) && overlaps(a, b);
}

SmallVector<plan::RangeAttr> ranges_of(Operation* command) {
  if (auto dispatch = dyn_cast<plan::DispatchOp>(command))
    return llvm::map_to_vector(dispatch.getRanges(),
                               [](Attribute a) { return cast<plan::RangeAttr>(a); });
  if (auto copy = dyn_cast<plan::CopyOp>(command))
    return {copy.getSource(), copy.getTarget()};
  return {};
}

SmallVector<plan::DonationAttr> donations_of(plan::EntryOp entry) {
  const auto list = entry.getDonations();
  return list ? llvm::to_vector(list->getAsRange<plan::DonationAttr>())
              : SmallVector<plan::DonationAttr>();
}

SmallVector<plan::RangeAttr> shared_ranges_of(Operation* command) {
  SmallVector<plan::RangeAttr> ranges = ranges_of(command);
  for (plan::DonationAttr donation : donations_of(command->getParentOfType<plan::EntryOp>()))
    for (plan::RangeAttr& range : ranges)
      if (range.getSpace() == "output" && range.getIndex() == donation.getOutput())
        range = plan::RangeAttr::get(range.getContext(), "input", donation.getInput(),
                                     range.getOffset(), range.getBytes(), range.getAccess());
  return ranges;
}

}  // namespace ashlar
