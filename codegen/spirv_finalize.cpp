// SPDX-License-Identifier: Apache-2.0
// What MLIR 22's SPIR-V lowering leaves to be repaired, one function each. A repair goes when the
// MLIR that we build against no longer needs it; its lit test shows when. And what a driver gets
// wrong, where other words for the same are as good.
#include "codegen/passes.h"
#include "codegen/target.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using spirv::Capability;
using spirv::Extension;
using spirv::MemoryAccess;
using spirv::MemorySemantics;
using spirv::StorageClass;

namespace ashlar::codegen {

#define GEN_PASS_DEF_SPIRVFINALIZE
#include "codegen/passes.h.inc"

namespace {

StorageClass storage_class(Value pointer) {
  return cast<spirv::PointerType>(pointer.getType()).getStorageClass();
}

// ------------------------------------------------------------------------------- memory accesses

int64_t scalar_bytes(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    type = vector.getElementType();
  return type.isIntOrFloat() ? type.getIntOrFloatBitWidth() / 8 : 0;
}

// Accesses through physical pointers must state their alignment. Without a better one it is that of
// the element, which the kernel ABI guarantees.
template <typename Access> void state_alignment(Access access, Type value) {
  if (storage_class(access.getPtr()) != StorageClass::PhysicalStorageBuffer)
    return;
  MemoryAccess operands = access.getMemoryAccess().value_or(MemoryAccess::None);
  if (bitEnumContainsAll(operands, MemoryAccess::Aligned))
    return;
  access.setMemoryAccess(operands | MemoryAccess::Aligned);
  access.setAlignment(static_cast<uint32_t>(scalar_bytes(value)));
}

// Cooperative matrices need at least the alignment of 16 bytes or of a row, whichever is less.
template <typename Access> void state_matrix_alignment(Access access, Type matrix) {
  if (storage_class(access.getPointer()) != StorageClass::PhysicalStorageBuffer ||
      access.getAlignment())
    return;
  MemoryAccess operands = access.getMemoryOperand().value_or(MemoryAccess::None);
  access.setMemoryOperand(operands | MemoryAccess::Aligned);
  access.setAlignment(static_cast<uint32_t>(
      scalar_bytes(cast<spirv::CooperativeMatrixType>(matrix).getElementType())));
}

void state_alignments(spirv::ModuleOp module) {
  module.walk([](Operation* op) {
    if (auto load = dyn_cast<spirv::LoadOp>(op))
      state_alignment(load, load.getType());
    else if (auto store = dyn_cast<spirv::StoreOp>(op))
      state_alignment(store, store.getValue().getType());
    else if (auto load = dyn_cast<spirv::KHRCooperativeMatrixLoadOp>(op))
      state_matrix_alignment(load, load.getType());
    else if (auto store = dyn_cast<spirv::KHRCooperativeMatrixStoreOp>(op))
      state_matrix_alignment(store, store.getObject().getType());
  });
}

// ----------------------------------------------------------------------------------- float rules

// Only fma may fuse; everything else rounds where the array op says.
void forbid_contraction(spirv::ModuleOp module) {
  UnitAttr on = UnitAttr::get(module.getContext());
  module.walk([&](Operation* op) {
    if (isa<spirv::FAddOp, spirv::FSubOp, spirv::FMulOp, spirv::FDivOp, spirv::FRemOp,
            spirv::FModOp, spirv::FNegateOp, spirv::VectorTimesScalarOp, spirv::DotOp>(op))
      op->setAttr("no_contraction", on);
  });
}

bool computes_with(spirv::ModuleOp module, Type element) {
  const auto has_element = [&](Type type) { return getElementTypeOrSelf(type) == element; };
  return module
      .walk([&](Operation* op) {
        return llvm::any_of(op->getResultTypes(), has_element) ? WalkResult::interrupt()
                                                               : WalkResult::advance();
      })
      .wasInterrupted();
}

void declare_modes(spirv::ModuleOp module, ArrayAttr modes, int32_t bits,
                   SetVector<Capability>& capabilities) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  for (auto mode : modes.getAsRange<spirv::ExecutionModeAttr>()) {
    for (auto entry : llvm::to_vector(module.getOps<spirv::EntryPointOp>()))
      spirv::ExecutionModeOp::create(builder, module.getLoc(), entry.getFnAttr(), mode,
                                     builder.getI32ArrayAttr({bits}));
    if (auto needed = spirv::getCapabilities(mode.getValue()))
      capabilities.insert(needed->begin(), needed->end());
  }
}

// Without these modes a device may flush denormals, round as it likes and assume that neither NaN
// nor infinity occurs.
void declare_float_controls(spirv::ModuleOp module, SetVector<Capability>& capabilities) {
  Operation* parent = module->getParentOp();
  auto controls = parent ? parent->getAttrOfType<DictionaryAttr>(kFloatControls) : DictionaryAttr();
  if (!controls)
    return;
  MLIRContext* context = module.getContext();
  for (Type type : {Type(Float16Type::get(context)), Type(Float32Type::get(context))})
    if (auto modes = controls.getAs<ArrayAttr>(type.isF16() ? "f16" : "f32");
        modes && computes_with(module, type))
      declare_modes(module, modes, static_cast<int32_t>(type.getIntOrFloatBitWidth()),
                    capabilities);
}

// ----------------------------------------------------------------------------------- comparisons

// The same number in 32 bits, where it is known to fit; else null.
Value in_32_bits(OpBuilder& builder, Value value) {
  if (auto widened = value.getDefiningOp<spirv::SConvertOp>())
    return widened.getOperand().getType().isInteger(32) ? widened.getOperand() : Value();
  APInt number;
  if (!matchPattern(value, m_ConstantInt(&number)) || !number.isSignedIntN(32))
    return {};
  return spirv::ConstantOp::create(builder, value.getLoc(), builder.getI32Type(),
                                   builder.getI32IntegerAttr(number.getSExtValue()));
}

// Mesa 22.3 takes signed comparisons of widened numbers with constants for always true or always
// false.
void narrow_comparisons(spirv::ModuleOp module) {
  module.walk([](Operation* op) {
    if (!isa<spirv::SLessThanOp, spirv::SLessThanEqualOp, spirv::SGreaterThanOp,
             spirv::SGreaterThanEqualOp>(op) ||
        !op->getOperand(0).getType().isInteger(64))
      return;
    OpBuilder builder(op);
    Value left = in_32_bits(builder, op->getOperand(0)),
          right = in_32_bits(builder, op->getOperand(1));
    if (left && right)
      op->setOperands({left, right});
  });
}

// --------------------------------------------------------------------------------------- atomics

MemorySemantics storage_semantics(StorageClass storage) {
  return storage == StorageClass::Workgroup ? MemorySemantics::WorkgroupMemory
                                            : MemorySemantics::UniformMemory;
}

template <typename Atomic> bool order_storage(Operation* op) {
  auto atomic = dyn_cast<Atomic>(op);
  if (!atomic)
    return false;
  atomic.setSemantics(atomic.getSemantics() |
                      storage_semantics(storage_class(atomic.getPointer())));
  return true;
}

// Acquire and release mean nothing, and are invalid, without the storage that they order.
template <typename... Atomics> bool order_any_storage(Operation* op) {
  return (order_storage<Atomics>(op) || ...);
}

bool order_atomic(Operation* op) {
  return order_any_storage<spirv::AtomicIAddOp, spirv::AtomicISubOp, spirv::AtomicAndOp,
                           spirv::AtomicOrOp, spirv::AtomicXorOp, spirv::AtomicSMinOp,
                           spirv::AtomicSMaxOp, spirv::AtomicUMinOp, spirv::AtomicUMaxOp,
                           spirv::AtomicExchangeOp, spirv::EXTAtomicFAddOp>(op);
}

void order_atomics(spirv::ModuleOp module) {
  module.walk([](Operation* op) { order_atomic(op); });
}

// --------------------------------------------------------------------------- Vulkan memory model

template <typename Access> void share_access(Access access, StorageClass storage) {
  if (storage == StorageClass::Workgroup)
    access.setMemoryAccess(access.getMemoryAccess().value_or(MemoryAccess::None) |
                           MemoryAccess::NonPrivatePointer);
}

template <typename Access> void share_matrix_access(Access access) {
  if (storage_class(access.getPointer()) == StorageClass::Workgroup)
    access.setMemoryOperand(access.getMemoryOperand().value_or(MemoryAccess::None) |
                            MemoryAccess::NonPrivatePointer);
}

// Under the Vulkan memory model a plain access is private to its invocation and a barrier publishes
// nothing: workgroup accesses must say that they are shared, and barriers that they publish.
void adopt_vulkan_memory_model(spirv::ModuleOp module) {
  module.setMemoryModel(spirv::MemoryModel::Vulkan);
  constexpr auto publish = MemorySemantics::MakeAvailable | MemorySemantics::MakeVisible;
  module.walk([&](Operation* op) {
    if (auto load = dyn_cast<spirv::LoadOp>(op))
      share_access(load, storage_class(load.getPtr()));
    else if (auto store = dyn_cast<spirv::StoreOp>(op))
      share_access(store, storage_class(store.getPtr()));
    else if (auto load = dyn_cast<spirv::KHRCooperativeMatrixLoadOp>(op))
      share_matrix_access(load);
    else if (auto store = dyn_cast<spirv::KHRCooperativeMatrixStoreOp>(op))
      share_matrix_access(store);
    else if (auto barrier = dyn_cast<spirv::ControlBarrierOp>(op))
      barrier.setMemorySemantics(barrier.getMemorySemantics() | publish);
    else if (auto barrier = dyn_cast<spirv::MemoryBarrierOp>(op))
      barrier.setMemorySemantics(barrier.getMemorySemantics() | publish);
  });
}

// ------------------------------------------------------------------------------ module header

bool uses_subgroup_builtin(spirv::ModuleOp module) {
  return llvm::any_of(module.getOps<spirv::GlobalVariableOp>(), [](spirv::GlobalVariableOp global) {
    return llvm::is_contained(
        {"SubgroupLocalInvocationId", "SubgroupId", "NumSubgroups", "SubgroupSize"},
        global.getBuiltIn().value_or(""));
  });
}

bool uses_device_scope(spirv::ModuleOp module) {
  return module
      .walk([](Operation* op) {
        auto scope = op->getAttrOfType<spirv::ScopeAttr>("memory_scope");
        return scope && scope.getValue() == spirv::Scope::Device ? WalkResult::interrupt()
                                                                 : WalkResult::advance();
      })
      .wasInterrupted();
}

// The element types of the module's cooperative matrices.
llvm::DenseSet<Type> matrix_elements(spirv::ModuleOp module) {
  llvm::DenseSet<Type> elements;
  module.walk([&](Operation* op) {
    for (Type type : op->getResultTypes())
      if (auto matrix = dyn_cast<spirv::CooperativeMatrixType>(type))
        elements.insert(matrix.getElementType());
  });
  return elements;
}

void add_capabilities(spirv::ModuleOp module, SetVector<Capability>& capabilities) {
  if (uses_subgroup_builtin(module))
    capabilities.insert(Capability::GroupNonUniform);
  if (capabilities.contains(Capability::CooperativeMatrixKHR)) {
    capabilities.insert(Capability::VulkanMemoryModel);
    const llvm::DenseSet<Type> elements = matrix_elements(module);
    if (elements.contains(BFloat16Type::get(module.getContext())))
      capabilities.insert(Capability::BFloat16CooperativeMatrixKHR);
    if (elements.contains(Float16Type::get(module.getContext())))
      capabilities.insert(Capability::Float16);
    if (uses_device_scope(module))
      capabilities.insert(Capability::VulkanMemoryModelDeviceScope);
  }
}

// Of two extensions with the same capability upstream picks the one that no Vulkan 1.3 device needs
// to have.
Extension offered(Extension extension) {
  return extension == Extension::SPV_EXT_physical_storage_buffer
             ? Extension::SPV_KHR_physical_storage_buffer
             : extension;
}

struct SpirvFinalize final : impl::SpirvFinalizeBase<SpirvFinalize> {
  void runOnOperation() override {
    spirv::ModuleOp module = getOperation();
    spirv::TargetEnvAttr env = spirv::lookupTargetEnv(module);
    auto minimal = module.getVceTriple();
    if (!env || !minimal) {
      module.emitError("needs spirv.target_env, and the result of spirv-update-vce");
      return signalPassFailure();
    }
    SetVector<Capability> capabilities(minimal->getCapabilities().begin(),
                                       minimal->getCapabilities().end());
    add_capabilities(module, capabilities);
    declare_float_controls(module, capabilities);
    auto extensions = llvm::map_to_vector(minimal->getExtensions(), offered);
    // Entry points were written for the target's version; the least version has other rules.
    module.setVceTripleAttr(spirv::VerCapExtAttr::get(env.getVersion(), capabilities.getArrayRef(),
                                                      extensions, &getContext()));

    narrow_comparisons(module);
    state_alignments(module);
    forbid_contraction(module);
    order_atomics(module);
    if (capabilities.contains(Capability::VulkanMemoryModel))
      adopt_vulkan_memory_model(module);
  }
};

}  // namespace
}  // namespace ashlar::codegen
