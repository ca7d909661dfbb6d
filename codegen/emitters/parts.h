// SPDX-License-Identifier: Apache-2.0
// Kernels whose workgroups do different things: each part gets a consecutive range of workgroups.
#pragma once

#include "codegen/emitters/element.h"
#include "ir/kernel_region.h"

#include <functional>

namespace ashlar::codegen {

struct WorkRange {
  std::int64_t workgroups;
  std::function<void(Value workgroup)> body;  // `workgroup` counts from 0 in each range
};

// Emits the choice between the ranges.
void emit_ranges(KernelBuilder& builder, llvm::ArrayRef<WorkRange> ranges);

// One thread per packet of `width` elements. `stores` have the same element count.
WorkRange element_range(Elements& elements, const kernel::Part& part, std::int64_t width);

// The widest packet, at most `limit` (a power of two), that the rows of every store are made of,
// and rows of `columns`.
std::int64_t packet_width(llvm::ArrayRef<kernel::Store> stores, std::int64_t limit,
                          std::int64_t columns = 0);

}  // namespace ashlar::codegen
