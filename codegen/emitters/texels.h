// SPDX-License-Identifier: Apache-2.0
// Buffers that a kernel reads through texel buffers (KernelBuilder::texel_binding), 16 bytes at a
// time whatever is wanted of them.
#pragma once

#include "codegen/emitters/kernel_builder.h"

namespace ashlar::codegen {

// Number `at` of packets of `bytes` bytes, a power of two from 4 on, as words of 32 bits.
Values load_texel_words(KernelBuilder& builder, unsigned buffer, Value at, std::int64_t bytes);

}  // namespace ashlar::codegen
