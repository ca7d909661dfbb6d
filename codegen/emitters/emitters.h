// SPDX-License-Identifier: Apache-2.0
// One function per emitter family (see the `root` strings of kernel.fused). Each builds the body of
// the kernel and sets its number of workgroups; problems are reported through KernelBuilder::fail.
#pragma once

#include "codegen/emitters/kernel_builder.h"
#include "ir/kernel_region.h"

namespace ashlar::codegen {

using Stores = llvm::ArrayRef<kernel::Store>;

void emit_elementwise(KernelBuilder& builder, Stores stores);
void emit_row(KernelBuilder& builder, Stores stores);
void emit_matvec(KernelBuilder& builder, Stores stores);
void emit_matvec_stationary(KernelBuilder& builder, Stores stores);
void emit_matmul(KernelBuilder& builder, Stores stores);
void emit_matmul_coop(KernelBuilder& builder, Stores stores);
void emit_expert_matvec(KernelBuilder& builder, Stores stores);
void emit_grouped_matmul(KernelBuilder& builder, Stores stores);
void emit_grouped_matmul_coop(KernelBuilder& builder, Stores stores);
void emit_attention(KernelBuilder& builder, Stores stores);
void emit_attention_coop(KernelBuilder& builder, Stores stores);
void emit_scan(KernelBuilder& builder, Stores stores);
void emit_sort(KernelBuilder& builder, Stores stores);
void emit_strided(KernelBuilder& builder, Stores stores);

}  // namespace ashlar::codegen
