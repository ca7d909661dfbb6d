// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/pipeline.h"

#include "runtime/vulkan/check.h"
#include "runtime/vulkan/device.h"

#include <utility>

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

}  // namespace

Pipeline::Pipeline(Device& device, const Kernel& kernel, VkPipelineCreateFlags flags)
    : device_(&device) {
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup{
      VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO};
  subgroup.requiredSubgroupSize = kernel.subgroup_size;
  VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  info.flags = flags;
  info.layout = device.pipeline_layout();
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.pName = kernel.name.c_str();
  if (kernel.subgroup_size != 0 && device.profile().subgroup_size_control)
    info.stage.pNext = &subgroup;
  info.stage.module = create_module(device, kernel);
  const VkResult result =
      vkCreateComputePipelines(device.handle(), VK_NULL_HANDLE, 1, &info, nullptr, &handle_);
  vkDestroyShaderModule(device.handle(), info.stage.module, nullptr);
  check_vulkan(result, "vkCreateComputePipelines of kernel '" + kernel.name + "'");
  device.count_created();
  device.set_name(VK_OBJECT_TYPE_PIPELINE, object_id(handle_), kernel.name);
}

Pipeline::~Pipeline() {
  if (handle_ != VK_NULL_HANDLE)
    device_->retire(VK_OBJECT_TYPE_PIPELINE, object_id(handle_));
}

Pipeline::Pipeline(Pipeline&& other) noexcept
    : device_(other.device_), handle_(std::exchange(other.handle_, VK_NULL_HANDLE)) {}

void Pipeline::record_dispatch(VkCommandBuffer commands, std::span<const std::byte> push_constants,
                               const std::array<std::uint32_t, 3>& workgroups) const {
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, handle_);
  vkCmdPushConstants(commands, device_->pipeline_layout(), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                     static_cast<std::uint32_t>(push_constants.size()), push_constants.data());
  vkCmdDispatch(commands, workgroups[0], workgroups[1], workgroups[2]);
}

}  // namespace ashlar
