// SPDX-License-Identifier: Apache-2.0
// Indices through reshapes: axes are matched group by group, so that only groups that really change
// pay for division.
#pragma once

#include "codegen/emitters/element.h"

namespace ashlar::codegen {

// Where the elements of `point` of a tensor of shape `to` lie in shape `from` (same element count,
// at least one element). Nothing when they do not lie in a row there.
std::optional<Point> reshape_point(KernelBuilder& b, const Point& point,
                                   llvm::ArrayRef<std::int64_t> to,
                                   llvm::ArrayRef<std::int64_t> from);

}  // namespace ashlar::codegen
