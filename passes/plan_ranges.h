// SPDX-License-Identifier: Apache-2.0
// Byte ranges of plan commands.
#pragma once

#include "ir/plan_dialect.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

namespace ashlar {

inline bool reads(plan::RangeAttr range) {
  return range.getAccess().contains('r');
}
inline bool writes(plan::RangeAttr range) {
  return range.getAccess().contains('w');
}

// Whether two ranges share a byte.
bool overlaps(plan::RangeAttr a, plan::RangeAttr b);

// Whether two ranges share a byte that at least one of them writes.
bool conflicts(plan::RangeAttr a, plan::RangeAttr b);

// What a command touches; empty for a barrier.
llvm::SmallVector<plan::RangeAttr> ranges_of(mlir::Operation* command);

llvm::SmallVector<plan::DonationAttr> donations_of(plan::EntryOp entry);

// What a command of an entry touches if every donated input lies in one buffer with its output:
// ranges of such outputs are ranges of the input.
llvm::SmallVector<plan::RangeAttr> shared_ranges_of(mlir::Operation* command);

}  // namespace ashlar
