// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/pipeline.h"

#include "runtime/vulkan/check.h"
#include "runtime/vulkan/device.h"

#include <utility>
#include <vector>

namespace ashlar {
namespace {

VkShaderModule create_module(Device& device, const Kernel& kernel) {
  VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  info.codeSize = kernel.spirv.size() * sizeof(std::uint32_t);
  info.pCode = kernel.spirv.data();
  VkShaderModule module = VK_NULL_HANDLE;
  check_vulkan(vkCreateShaderModule(device.handle(), &info, nullptr, &module),
               "vkCreateShaderModule");
  device.count_created();
  return module;
}

// Binding i is the i-th of `count` texel buffers.
VkDescriptorSetLayout create_texel_layout(Device& device, std::size_t count) {
  std::vector<VkDescriptorSetLayoutBinding> bindings;
  for (std::uint32_t i = 0; i < count; ++i)
    bindings.push_back(
        {i, VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr});
  VkDescriptorSetLayoutCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
  info.bindingCount = static_cast<std::uint32_t>(bindings.size());
  info.pBindings = bindings.data();
  VkDescriptorSetLayout layout = VK_NULL_HANDLE;
  check_vulkan(vkCreateDescriptorSetLayout(device.handle(), &info, nullptr, &layout),
               "vkCreateDescriptorSetLayout");
  device.count_created();
  return layout;
}

VkPipeline create_pipeline(Device& device, const Kernel& kernel, VkPipelineLayout layout,
                           VkPipelineCreateFlags flags) {
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup{
      VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO};
  subgroup.requiredSubgroupSize = kernel.subgroup_size;
  VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  info.flags = flags;
  info.layout = layout;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.pName = kernel.name.c_str();
  if (kernel.subgroup_size != 0 && device.profile().subgroup_size_control)
    info.stage.pNext = &subgroup;
  info.stage.module = create_module(device, kernel);
  VkPipeline pipeline = VK_NULL_HANDLE;
  const VkResult result =
      vkCreateComputePipelines(device.handle(), VK_NULL_HANDLE, 1, &info, nullptr, &pipeline);
  vkDestroyShaderModule(device.handle(), info.stage.module, nullptr);
  check_vulkan(result, "vkCreateComputePipelines of kernel '" + kernel.name + "'");
  device.count_created();
  device.set_name(VK_OBJECT_TYPE_PIPELINE, object_id(pipeline), kernel.name);
  return pipeline;
}

VkPipelineLayout layout_of(const Device& device, VkPipelineLayout own) {
  return own != VK_NULL_HANDLE ? own : device.pipeline_layout();
}

}  // namespace

Pipeline::Pipeline(Device& device, const Kernel& kernel, VkPipelineCreateFlags flags)
    : device_(&device) {
  try {
    if (!kernel.texels.empty()) {
      texel_layout_ = create_texel_layout(device, kernel.texels.size());
      own_layout_ = device.create_pipeline_layout({&texel_layout_, 1});
    }
    handle_ = create_pipeline(device, kernel, layout_of(device, own_layout_), flags);
  } catch (...) {
    release();
    throw;
  }
}

Pipeline::~Pipeline() {
  release();
}

Pipeline::Pipeline(Pipeline&& other) noexcept
    : device_(other.device_), texel_layout_(std::exchange(other.texel_layout_, VK_NULL_HANDLE)),
      own_layout_(std::exchange(other.own_layout_, VK_NULL_HANDLE)),
      handle_(std::exchange(other.handle_, VK_NULL_HANDLE)) {}

void Pipeline::release() noexcept {
  const auto retire = [&](VkObjectType type, auto handle) {
    if (handle != VK_NULL_HANDLE)
      device_->retire(type, object_id(handle));
  };
  retire(VK_OBJECT_TYPE_PIPELINE, handle_);
  retire(VK_OBJECT_TYPE_PIPELINE_LAYOUT, own_layout_);
  retire(VK_OBJECT_TYPE_DESCRIPTOR_SET_LAYOUT, texel_layout_);
}

void Pipeline::record_dispatch(VkCommandBuffer commands, std::span<const std::byte> push_constants,
                               VkDescriptorSet texels,
                               const std::array<std::uint32_t, 3>& workgroups) const {
  const VkPipelineLayout layout = layout_of(*device_, own_layout_);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, handle_);
  if (texels != VK_NULL_HANDLE)
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &texels, 0,
                            nullptr);
  vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                     static_cast<std::uint32_t>(push_constants.size()), push_constants.data());
  vkCmdDispatch(commands, workgroups[0], workgroups[1], workgroups[2]);
}

}  // namespace ashlar
