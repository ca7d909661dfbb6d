// SPDX-License-Identifier: Apache-2.0
#include "ir/strided_kernel.h"

#include "runtime/program/program.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"

#include <algorithm>

using namespace mlir;

namespace ashlar::kernel {

std::int64_t scalar_count(DefOp def) {
  const ScheduleAttr schedule = def.getSchedule();
  if (schedule.getEmitter() != kStridedEmitter)
    return 0;
  const auto views = llvm::range_size(def.getBody().front().getOps<ViewOp>());
  return StridedScalars{schedule.get("rank", 1)}.count(static_cast<std::int64_t>(views));
}

std::int64_t argument_count(DefOp def) {
  return static_cast<std::int64_t>(def.getBody().getNumArguments()) +
         llvm::count(def.getInplace(), -1);
}

std::int64_t record_words(DefOp def) {
  return static_cast<std::int64_t>(record_bytes(static_cast<std::uint64_t>(argument_count(def)),
                                                static_cast<std::uint64_t>(scalar_count(def)))) /
         4;
}

StridedReach strided_reach(DefOp def, ArrayRef<std::int32_t> scalars) {
  const StridedScalars at{def.getSchedule().get("rank", 1)};
  const std::int64_t width = def.getSchedule().get("width", 1);
  StridedReach reach{scalars[StridedScalars::packets()] * width, {}};
  SmallVector<std::int64_t> extents{reach.elements};
  for (std::int64_t axis = 1; axis < at.rank; ++axis) {
    extents.push_back(std::max(scalars[static_cast<std::size_t>(at.extent(axis))], 1));
    extents[0] /= extents.back();
  }
  for (auto view : def.getBody().front().getOps<ViewOp>()) {
    auto buffer = dyn_cast_if_present<BlockArgument>(view.getBuffer());
    if (!buffer)
      continue;
    const auto number = static_cast<std::int64_t>(view.getNumber());
    std::int64_t first = scalars[static_cast<std::size_t>(at.offset(number))], last = first;
    for (std::int64_t axis = 0; axis < at.rank; ++axis) {
      const std::int64_t stride = scalars[static_cast<std::size_t>(at.stride(number, axis))];
      const std::int64_t distance = stride * (extents[static_cast<std::size_t>(axis)] - 1);
      (distance < 0 ? first : last) += distance;
    }
    const unsigned bits = getElementTypeOrSelf(view.getElement()).getIntOrFloatBitWidth();
    reach.views.push_back(
        {buffer.getArgNumber(), first, last, std::max<std::int64_t>(bits / 8, 1)});
  }
  return reach;
}

}  // namespace ashlar::kernel
