// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/emitter.h"

#include "codegen/emitters/emitters.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"
#include "ir/schedule_model.h"
#include "ir/strided_kernel.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/ADT/StringSwitch.h"

#include <limits>

using namespace mlir;

namespace ashlar::codegen {
namespace {

// Evaluation recurses along chains of ops.
constexpr std::size_t kMostOps = 4096;

using Emitter = void (*)(KernelBuilder&, Stores);

Emitter find_emitter(StringRef name) {
  return llvm::StringSwitch<Emitter>(name)
      .Case("elementwise", emit_elementwise)
      .Case("row", emit_row)
      .Case("matvec", emit_matvec)
      .Case("matvec_stationary", emit_matvec_stationary)
      .Case("matmul", emit_matmul)
      .Case("matmul_coop", emit_matmul_coop)
      .Case("expert_matvec", emit_expert_matvec)
      .Case("grouped_matmul", emit_grouped_matmul)
      .Case("grouped_matmul_coop", emit_grouped_matmul_coop)
      .Case("attention", emit_attention)
      .Case("attention_coop", emit_attention_coop)
      .Case("scan", emit_scan)
      .Case("sort", emit_sort)
      .Case(kernel::kStridedEmitter, emit_strided)
      .Default(nullptr);
}

LogicalResult check_sizes(kernel::DefOp def) {
  Block& body = def.getBody().front();
  if (body.getOperations().size() > kMostOps)
    return def.emitOpError("too many ops in one kernel: expected at most ") << kMostOps;
  SmallVector<Value> buffers(body.getArguments());
  llvm::append_range(buffers, body.getTerminator()->getOperands());
  for (Value value : buffers) {
    auto type = ir::array_type_of(value.getType());
    if (!type)
      return def.emitOpError("not an array type: ") << value.getType();
    const std::int64_t count = kernel::element_count(value.getType());
    if (count > std::numeric_limits<std::int32_t>::max())
      return def.emitOpError("buffer of ") << value.getType() << " is too large for 32-bit indices";
  }
  return success();
}

LogicalResult check_schedule(kernel::DefOp def, const DeviceProfile& profile) {
  const std::int64_t workgroup = def.getSchedule().get("workgroup", 64);
  if (workgroup < 1 || workgroup > std::max<std::int64_t>(profile.max_workgroup_invocations, 1))
    return def.emitOpError("schedule: workgroup of ")
           << workgroup << " threads, the device has at most " << profile.max_workgroup_invocations;
  const std::int64_t iterations = kernel::loop_iterations(def);
  if (profile.max_loop_iterations && iterations > profile.max_loop_iterations)
    return def.emitOpError("schedule: ")
           << iterations << " loop iterations, the device stops after "
           << profile.max_loop_iterations;
  return success();
}

void load_dialects(MLIRContext* context) {
  context
      ->loadDialect<arith::ArithDialect, gpu::GPUDialect, math::MathDialect, memref::MemRefDialect,
                    scf::SCFDialect, spirv::SPIRVDialect, vector::VectorDialect>();
}

}  // namespace

FailureOr<EmittedKernel> emit_kernel(kernel::DefOp def, const DeviceProfile& profile) {
  load_dialects(def.getContext());
  const Emitter emitter = find_emitter(def.getSchedule().getEmitter());
  if (!emitter)
    return def.emitOpError("no emitter named \"") << def.getSchedule().getEmitter() << '"';
  if (failed(check_sizes(def)) || failed(check_schedule(def, profile)))
    return failure();
  FailureOr<SmallVector<kernel::Store>> stores = checked_stores(def);
  if (failed(stores))
    return failure();

  const std::int64_t size = def.getSchedule().get("workgroup", 64);
  KernelBuilder builder(def, profile, size);
  emitter(builder, *stores);
  if (builder.failed())
    return failure();
  if (builder.shared_bytes() > profile.shared_memory_bytes)
    return def.emitOpError("needs ")
           << builder.shared_bytes() << " bytes of workgroup memory, the device has "
           << profile.shared_memory_bytes;
  return EmittedKernel{builder.take_module(),
                       builder.grid(),
                       {static_cast<std::uint32_t>(size), 1, 1},
                       builder.required_subgroup_size()};
}

}  // namespace ashlar::codegen
