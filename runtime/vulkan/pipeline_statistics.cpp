// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/pipeline_statistics.h"

#include "runtime/vulkan/check.h"
#include "runtime/vulkan/device.h"
#include "runtime/vulkan/pipeline.h"

namespace ashlar {
namespace {

template <typename Function> Function load(const Device& device, const char* name) {
  return reinterpret_cast<Function>(vkGetDeviceProcAddr(device.handle(), name));
}

double value_of(const VkPipelineExecutableStatisticKHR& statistic) {
  switch (statistic.format) {
  case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR:
    return statistic.value.b32;
  case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR:
    return static_cast<double>(statistic.value.i64);
  case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR:
    return static_cast<double>(statistic.value.u64);
  default:
    return statistic.value.f64;
  }
}

// Of a compute pipeline most drivers make one executable, but they may make several.
std::uint32_t count_executables(const Device& device, VkPipeline pipeline) {
  VkPipelineInfoKHR info{VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR};
  info.pipeline = pipeline;
  std::uint32_t count = 0;
  check_vulkan(
      load<PFN_vkGetPipelineExecutablePropertiesKHR>(
          device, "vkGetPipelineExecutablePropertiesKHR")(device.handle(), &info, &count, nullptr),
      "vkGetPipelineExecutablePropertiesKHR");
  return count;
}

}  // namespace

std::vector<PipelineStatistic> pipeline_statistics(Device& device, const Kernel& kernel) {
  const Pipeline pipeline(device, kernel, VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR);
  const auto query = load<PFN_vkGetPipelineExecutableStatisticsKHR>(
      device, "vkGetPipelineExecutableStatisticsKHR");
  VkPipelineExecutableInfoKHR info{VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR};
  info.pipeline = pipeline.handle();
  VkPipelineExecutableStatisticKHR empty{};
  empty.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;

  std::vector<PipelineStatistic> statistics;
  const std::uint32_t executables = count_executables(device, pipeline.handle());
  for (; info.executableIndex < executables; ++info.executableIndex)
    for (const VkPipelineExecutableStatisticKHR& statistic : enumerate_vulkan(
             "vkGetPipelineExecutableStatisticsKHR", empty,
             [&](auto* count, auto* items) { return query(device.handle(), &info, count, items); }))
      statistics.push_back({statistic.name, value_of(statistic)});
  return statistics;
}

}  // namespace ashlar
