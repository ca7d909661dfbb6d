// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/executor.h"
#include "runtime/program/error.h"
#include "runtime/vulkan/check.h"
#include "runtime/vulkan/device.h"

namespace ashlar {
namespace {

class TimestampPool {
public:
  TimestampPool(Device& device, std::uint32_t count) : device_(device), count_(count) {
    VkQueryPoolCreateInfo info{VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
    info.queryType = VK_QUERY_TYPE_TIMESTAMP;
    info.queryCount = count;
    check_vulkan(vkCreateQueryPool(device.handle(), &info, nullptr, &handle_), "vkCreateQueryPool");
    device.count_created();
  }
  ~TimestampPool() { device_.retire(VK_OBJECT_TYPE_QUERY_POOL, object_id(handle_)); }
  TimestampPool(const TimestampPool&) = delete;
  TimestampPool& operator=(const TimestampPool&) = delete;

  VkQueryPool handle() const { return handle_; }

  std::vector<std::uint64_t> read() const {
    std::vector<std::uint64_t> ticks(count_);
    check_vulkan(vkGetQueryPoolResults(device_.handle(), handle_, 0, count_,
                                       ticks.size() * sizeof(std::uint64_t), ticks.data(),
                                       sizeof(std::uint64_t), VK_QUERY_RESULT_64_BIT),
                 "vkGetQueryPoolResults");
    return ticks;
  }

private:
  Device& device_;
  std::uint32_t count_;
  VkQueryPool handle_ = VK_NULL_HANDLE;
};

}  // namespace

std::vector<CommandTime> Executor::profile(std::uint32_t entry, std::span<const BufferView> inputs,
                                           std::span<const BufferView> outputs) {
  if (!device_.physical().queue_timestamps)
    throw Unsupported("executor", "device '{}' has no timestamps", device_.profile().name);
  warm_up(entry);  // compiling would be counted as running
  BoundEntry& bound = prepare(entry, inputs, outputs);
  const TimestampPool pool(device_, static_cast<std::uint32_t>(count_work(bound.entry())) + 1);
  const Recording recording = record(bound, {.full_barriers = true, .timestamps = pool.handle()});
  device_.queue().wait(submit(bound, recording.parts(), 1));

  const std::vector<std::uint64_t> ticks = pool.read();
  std::vector<CommandTime> times;
  for (const Command& command : bound.entry().commands) {
    if (std::holds_alternative<Barrier>(command))
      continue;
    CommandTime& time = times.emplace_back();
    const std::size_t i = times.size();
    time.nanoseconds =
        static_cast<double>(ticks[i] - ticks[i - 1]) * device_.physical().timestamp_period;
    if (const auto* dispatch = std::get_if<Dispatch>(&command)) {
      time.label = dispatch->label;
      time.kernel = program_.kernels[dispatch->kernel].name;
      time.cost = dispatch->cost;
    } else {
      const Copy& copy = std::get<Copy>(command);
      time.label = copy.label;
      time.cost = {copy.source.bytes, copy.target.bytes, 0};
    }
  }
  return times;
}

}  // namespace ashlar
