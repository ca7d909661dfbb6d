// SPDX-License-Identifier: Apache-2.0
// "elementwise": inlinable ops only. Outputs of one size are computed together.
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/parts.h"

namespace ashlar::codegen {

void emit_elementwise(KernelBuilder& builder, Stores stores) {
  Elements elements(builder);
  const std::int64_t width = builder.def().getSchedule().get("width", 4);
  llvm::SmallVector<WorkRange> ranges;
  for (const kernel::Part& part : kernel::parts_of(stores)) {
    if (!part.reductions.empty())
      return builder.fail(part.reductions.front(), "belongs into a kernel with root \"row\"");
    ranges.push_back(element_range(elements, part, width));
  }
  emit_ranges(builder, ranges);
}

}  // namespace ashlar::codegen
