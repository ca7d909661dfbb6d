// SPDX-License-Identifier: Apache-2.0
#include "codegen/target.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVEnums.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using spirv::Capability;
using spirv::Extension;

namespace ashlar::codegen {

static SmallVector<Capability> capabilities_of(const DeviceProfile& profile) {
  // Vulkan 1.3 with buffer addresses, which every device that we accept has.
  SmallVector<Capability> all = {Capability::Shader, Capability::PhysicalStorageBufferAddresses,
                                 Capability::GroupNonUniform};
  auto add = [&](bool available, std::initializer_list<Capability> capabilities) {
    if (available)
      all.append(capabilities);
  };
  add(profile.shader_f16, {Capability::Float16});
  add(profile.shader_i8, {Capability::Int8});
  add(profile.shader_i16, {Capability::Int16});
  add(profile.shader_i64, {Capability::Int64});
  add(profile.max_texels > 0, {Capability::SampledBuffer});
  add(profile.storage_8bit, {Capability::StorageBuffer8BitAccess});
  add(profile.storage_16bit, {Capability::StorageBuffer16BitAccess});
  add(profile.subgroup_arithmetic, {Capability::GroupNonUniformArithmetic});
  add(profile.subgroup_shuffle,
      {Capability::GroupNonUniformShuffle, Capability::GroupNonUniformShuffleRelative});
  add(profile.subgroup_clustered, {Capability::GroupNonUniformClustered});
  add(profile.integer_dot_product,
      {Capability::DotProduct, Capability::DotProductInput4x8BitPacked});
  add(profile.integer_dot_product && profile.shader_i8, {Capability::DotProductInput4x8Bit});
  add(!profile.cooperative_matrices.empty(),
      {Capability::CooperativeMatrixKHR, Capability::VulkanMemoryModel,
       Capability::VulkanMemoryModelDeviceScope});
  add(profile.bf16_cooperative_matrix,
      {Capability::BFloat16TypeKHR, Capability::BFloat16CooperativeMatrixKHR});
  return all;
}

static SmallVector<Extension> extensions_of(const DeviceProfile& profile) {
  SmallVector<Extension> all = {Extension::SPV_KHR_storage_buffer_storage_class,
                                Extension::SPV_KHR_physical_storage_buffer,
                                Extension::SPV_KHR_8bit_storage, Extension::SPV_KHR_16bit_storage};
  if (profile.integer_dot_product)
    all.push_back(Extension::SPV_KHR_integer_dot_product);
  if (!profile.cooperative_matrices.empty())
    all.append({Extension::SPV_KHR_cooperative_matrix, Extension::SPV_KHR_vulkan_memory_model});
  if (profile.bf16_cooperative_matrix)
    all.push_back(Extension::SPV_KHR_bfloat16);
  return all;
}

static spirv::TargetEnvAttr target_env(MLIRContext* context, const DeviceProfile& profile,
                                       std::uint32_t subgroup_size) {
  Builder builder(context);
  auto triple = spirv::VerCapExtAttr::get(spirv::Version::V_1_6, capabilities_of(profile),
                                          extensions_of(profile), context);
  auto size = [&](int axis) { return static_cast<int32_t>(profile.max_workgroup_size[axis]); };
  auto limits = spirv::ResourceLimitsAttr::get(
      context, static_cast<int>(profile.shared_memory_bytes),
      static_cast<int>(profile.max_workgroup_invocations),
      builder.getI32ArrayAttr({size(0), size(1), size(2)}),
      static_cast<int>(subgroup_size ? subgroup_size : profile.subgroup_size), std::nullopt,
      std::nullopt, ArrayAttr(), ArrayAttr());
  return spirv::TargetEnvAttr::get(triple, limits, spirv::ClientAPI::Vulkan);
}

static ArrayAttr modes_of(Builder& builder, const FloatControls& controls) {
  SmallVector<Attribute> modes;
  auto add = [&](bool offered, spirv::ExecutionMode mode) {
    if (offered)
      modes.push_back(spirv::ExecutionModeAttr::get(builder.getContext(), mode));
  };
  add(controls.denorm_preserve, spirv::ExecutionMode::DenormPreserve);
  add(controls.rounding_mode_rte, spirv::ExecutionMode::RoundingModeRTE);
  add(controls.signed_zero_inf_nan_preserve, spirv::ExecutionMode::SignedZeroInfNanPreserve);
  return builder.getArrayAttr(modes);
}

void set_target(ModuleOp module, const DeviceProfile& profile, std::uint32_t subgroup_size) {
  MLIRContext* context = module.getContext();
  context->loadDialect<spirv::SPIRVDialect>();
  Builder builder(context);
  module->setAttr(spirv::getTargetEnvAttrName(), target_env(context, profile, subgroup_size));
  module->setAttr(
      kFloatControls,
      builder.getDictionaryAttr(
          {builder.getNamedAttr("f16", modes_of(builder, profile.float_controls_f16)),
           builder.getNamedAttr("f32", modes_of(builder, profile.float_controls_f32))}));
}

}  // namespace ashlar::codegen
