// SPDX-License-Identifier: Apache-2.0
// The command buffers of one entry. Recorded once and replayed: values that change between runs
// live in device memory, never in the commands.
#pragma once

#include "runtime/executor/record_table.h"
#include "runtime/vulkan/commands.h"
#include "runtime/vulkan/memory.h"
#include "runtime/vulkan/pipeline.h"
#include "runtime/vulkan/texel_views.h"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace ashlar {

// What the commands of an entry refer to.
struct RecordingSources {
  Device& device;
  const Program& program;
  const Entry& entry;
  const RecordTable& records;
  std::function<const Pipeline&(std::uint32_t kernel)> pipeline;
  // For copies and texel buffers; includes the range's offset. Without a buffer where a value is
  // not bound yet.
  std::function<BufferView(const BufferRange&)> resolve;
};

class Recording {
public:
  // With full barriers, one after every command; split: one command buffer per command; idle: only
  // the dispatches, of no workgroups each, so that the driver prepares the kernels.
  struct Options {
    bool idle = false;
    bool full_barriers = false;
    bool split = false;
    std::uint32_t runs = 1;                   // of the entry, one after the other
    const Buffer* poisoned = nullptr;         // filled with 0xFF before the first command
    VkQueryPool timestamps = VK_NULL_HANDLE;  // two per command of each run: before and after it
  };

  Recording(const RecordingSources& sources, const Options& options);

  // To be submitted in order.
  std::span<const VkCommandBuffer> parts() const { return parts_; }

private:
  std::unique_ptr<CommandPool> pool_;
  std::unique_ptr<TexelViews> texels_;  // where kernels read some
  std::vector<VkCommandBuffer> parts_;
};

// Commands of an entry that run on the device, that is all but barriers.
std::size_t count_work(const Entry& entry);

}  // namespace ashlar
