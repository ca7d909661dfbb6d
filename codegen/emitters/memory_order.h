// SPDX-License-Identifier: Apache-2.0
// Making what one thread wrote to a buffer visible to others while a kernel runs. KernelBuilder's
// barrier() orders workgroup memory only.
#pragma once

#include "codegen/emitters/kernel_builder.h"

namespace ashlar::codegen {

// All threads of the workgroup get here, and see what each of them wrote to buffers before.
void buffer_barrier(KernelBuilder& builder);

// Writes of this thread come before what it does afterwards, for every thread of the device that
// learns of the latter; and the other way round for reads.
void device_fence(KernelBuilder& builder);

// Adds to an i32 of a buffer and returns what it held before, in one step.
Value atomic_add(KernelBuilder& builder, unsigned buffer, Value at, Value value);

}  // namespace ashlar::codegen
