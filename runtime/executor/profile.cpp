// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/executor.h"
#include "runtime/program/error.h"
#include "runtime/vulkan/check.h"
#include "runtime/vulkan/device.h"

#include <algorithm>
#include <chrono>

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

CommandTime describe(const Program& program, const Command& command) {
  if (const auto* dispatch = std::get_if<Dispatch>(&command))
    return {.label = dispatch->label,
            .kernel = program.kernels[dispatch->kernel].name,
            .cost = dispatch->cost};
  const Copy& copy = std::get<Copy>(command);
  return {.label = copy.label, .cost = {copy.source.bytes, copy.target.bytes, 0}};
}

}  // namespace

ProfiledRun Executor::profile(std::uint32_t entry, std::span<const BufferView> inputs,
                              std::span<const BufferView> outputs, std::uint32_t repeat) {
  if (!device_.physical().queue_timestamps)
    throw Unsupported("executor", "device '{}' has no timestamps", device_.profile().name);
  BoundEntry& bound = prepare(entry, inputs, outputs);
  warm_up(entry);  // compiling would be counted as running
  const auto stamps = static_cast<std::uint32_t>(2 * repeat * count_work(bound.entry()));
  const TimestampPool pool(device_, std::max(stamps, 1u));
  const Recording recording =
      record(bound, {.full_barriers = true, .runs = repeat, .timestamps = pool.handle()});
  const auto start = std::chrono::steady_clock::now();
  device_.queue().wait(submit(bound, recording.parts(), 1));
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  counters_.dispatches += std::uint64_t{repeat - 1} * bound.dispatches();  // submit counted one run

  ProfiledRun run{.commands = {}, .nanoseconds = elapsed.count()};
  if (stamps == 0)
    return run;
  const std::vector<std::uint64_t> ticks = pool.read();
  const auto nanoseconds = [&](std::size_t from, std::size_t to) {
    return static_cast<double>(ticks[to] - ticks[from]) * device_.physical().timestamp_period;
  };
  for (std::uint32_t i = 0; i < repeat; ++i)
    for (const Command& command : bound.entry().commands) {
      if (std::holds_alternative<Barrier>(command))
        continue;
      const std::size_t first = 2 * run.commands.size();
      CommandTime& time = run.commands.emplace_back(describe(program_, command));
      time.start = nanoseconds(0, first);
      time.nanoseconds = nanoseconds(first, first + 1);
    }
  return run;
}

}  // namespace ashlar
