// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/memory_order.h"

#include "codegen/emitters/storage.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

using namespace mlir;
using spirv::MemorySemantics;

namespace ashlar::codegen {

void buffer_barrier(KernelBuilder& b) {
  spirv::ControlBarrierOp::create(b, spirv::Scope::Workgroup, spirv::Scope::Workgroup,
                                  MemorySemantics::AcquireRelease | MemorySemantics::UniformMemory |
                                      MemorySemantics::WorkgroupMemory);
}

void device_fence(KernelBuilder& b) {
  spirv::MemoryBarrierOp::create(b, spirv::Scope::Device,
                                 MemorySemantics::AcquireRelease | MemorySemantics::UniformMemory);
}

Value atomic_add(KernelBuilder& b, unsigned buffer, Value at, Value value) {
  return memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi, value,
                                     buffer_of(b, buffer, b.getI32Type()), ValueRange{at});
}

}  // namespace ashlar::codegen
