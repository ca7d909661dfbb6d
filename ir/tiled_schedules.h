// SPDX-License-Identifier: Apache-2.0
// Schedules of products of any shape, without cooperative matrices
// (codegen/emitters/tile_product.h).
#pragma once

#include "ir/schedule_model.h"

namespace ashlar::kernel {

// Of one matmul. A CPU driver gets no workgroup memory: it is memory like any other there, and at a
// barrier all threads' values are put aside.
ScheduleAttr tiled_matmul_schedule(mlir::Operation* matmul, const DeviceProfile& profile);
// Of a kernel.grouped_matmul: the fewer rows in a tile, the fewer matrices multiply it.
ScheduleAttr tiled_grouped_schedule(mlir::Operation* root, const DeviceProfile& profile);

// Upper bound on the loop iterations of one invocation, for products of length `k`.
std::int64_t tiled_iterations(std::int64_t k, ScheduleAttr schedule);

}  // namespace ashlar::kernel
