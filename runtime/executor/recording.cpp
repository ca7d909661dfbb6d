// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/recording.h"

#include "runtime/vulkan/device.h"

#include <algorithm>

namespace ashlar {
namespace {

class Recorder {
public:
  Recorder(const RecordingSources& sources, const Recording::Options& options, CommandPool& pool,
           std::vector<VkCommandBuffer>& parts)
      : sources_(sources), options_(options), pool_(pool), parts_(parts) {}

  void run() {
    begin_part();
    if (options_.timestamps)
      vkCmdResetQueryPool(
          commands_, options_.timestamps, 0,
          static_cast<std::uint32_t>(2 * options_.runs * count_work(sources_.entry)));
    if (options_.poisoned) {
      vkCmdFillBuffer(commands_, options_.poisoned->handle(), 0, VK_WHOLE_SIZE, 0xFFFFFFFFu);
      record_barrier(commands_);
    }
    for (std::uint32_t i = 0; i < options_.runs; ++i)
      record_entry();
    end_recording(commands_);
  }

private:
  void record_entry() {
    dispatches_ = 0;
    for (const Command& command : sources_.entry.commands) {
      if (std::holds_alternative<Barrier>(command))
        record_barrier(commands_);
      else
        record_work(command);
    }
  }

  void begin_part() {
    commands_ = pool_.allocate();
    parts_.push_back(commands_);
    begin_recording(commands_);
  }

  void record_work(const Command& command) {
    if (options_.split && work_ != 0) {
      end_recording(commands_);
      begin_part();
    }
    ++work_;
    write_timestamp();
    if (const auto* dispatch = std::get_if<Dispatch>(&command))
      record_dispatch(*dispatch);
    else
      record_copy(std::get<Copy>(command));
    write_timestamp();
    if (options_.full_barriers)
      record_barrier(commands_);
  }

  void record_dispatch(const Dispatch& dispatch) {
    begin_label(sources_.device, commands_, dispatch.label);
    sources_.pipeline(dispatch.kernel)
        .record_dispatch(commands_, sources_.records.push_constants(dispatches_++),
                         dispatch.workgroups);
    end_label(sources_.device, commands_);
  }

  void record_copy(const Copy& copy) {
    const BufferView source = sources_.resolve(copy.source);
    const BufferView target = sources_.resolve(copy.target);
    const VkBufferCopy region{source.offset, target.offset, copy.source.bytes};
    begin_label(sources_.device, commands_, copy.label);
    vkCmdCopyBuffer(commands_, source.buffer->handle(), target.buffer->handle(), 1, &region);
    end_label(sources_.device, commands_);
  }

  void write_timestamp() {
    if (options_.timestamps)
      vkCmdWriteTimestamp2(commands_, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, options_.timestamps,
                           timestamps_++);
  }

  const RecordingSources& sources_;
  const Recording::Options& options_;
  CommandPool& pool_;
  std::vector<VkCommandBuffer>& parts_;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  std::size_t work_ = 0;
  std::size_t dispatches_ = 0;
  std::uint32_t timestamps_ = 0;
};

}  // namespace

Recording::Recording(const RecordingSources& sources, const Options& options)
    : pool_(std::make_unique<CommandPool>(sources.device)) {
  Recorder(sources, options, *pool_, parts_).run();
}

std::size_t count_work(const Entry& entry) {
  return static_cast<std::size_t>(std::ranges::count_if(
      entry.commands, [](const Command& c) { return !std::holds_alternative<Barrier>(c); }));
}

}  // namespace ashlar
