// SPDX-License-Identifier: Apache-2.0
// Lets products with chosen matrices choose these themselves.
#pragma once

#include "passes/fusion_plan.h"
#include "runtime/program/device_profile.h"

namespace ashlar {

// Where the matrices of an expert_matvec are chosen by a short topk_indices that would be a kernel
// of its own, the product takes its place: each of its workgroups picks the numbers it needs, which
// takes less time than waiting for another kernel. It also stores the numbers, and in place of
// light units beside it what else follows from them row by row (the weights of the experts).
// `units`: in their final order.
void fuse_choices(std::vector<KernelUnit>& units, const DeviceProfile& profile);

}  // namespace ashlar
