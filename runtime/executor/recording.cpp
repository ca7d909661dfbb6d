// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/recording.h"

#include "runtime/vulkan/device.h"

#include <algorithm>

namespace ashlar {
namespace {

// Room for the texel buffers of an entry's dispatches; nothing where there are none.
std::unique_ptr<TexelViews> make_texel_views(const RecordingSources& sources) {
  std::uint32_t sets = 0, views = 0;
  for (const Command& command : sources.entry.commands)
    if (const auto* dispatch = std::get_if<Dispatch>(&command)) {
      const std::size_t texels = sources.program.kernels[dispatch->kernel].texels.size();
      sets += texels > 0 ? 1 : 0;
      views += static_cast<std::uint32_t>(texels);
    }
  return sets > 0 ? std::make_unique<TexelViews>(sources.device, sets, views) : nullptr;
}

class Recorder {
public:
  Recorder(const RecordingSources& sources, const Recording::Options& options, CommandPool& pool,
           TexelViews* texels, std::vector<VkCommandBuffer>& parts)
      : sources_(sources), options_(options), pool_(pool), texels_(texels), parts_(parts) {}

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
      if (options_.idle && !std::holds_alternative<Dispatch>(command))
        continue;
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
    const std::size_t number = dispatches_++;
    const Pipeline& pipeline = sources_.pipeline(dispatch.kernel);
    const auto texels = texel_set(number, dispatch, pipeline);
    if (!texels)
      return;
    begin_label(sources_.device, commands_, dispatch.label);
    pipeline.record_dispatch(commands_, sources_.records.push_constants(number), *texels,
                             options_.idle ? std::array<std::uint32_t, 3>{} : dispatch.workgroups);
    end_label(sources_.device, commands_);
  }

  // The set of a dispatch, the same in every run of the entry; null where its kernel reads no
  // texels, nothing where a buffer is not bound yet.
  std::optional<VkDescriptorSet> texel_set(std::size_t number, const Dispatch& dispatch,
                                           const Pipeline& pipeline) {
    if (number < texel_sets_.size())
      return texel_sets_[number];
    std::vector<TexelRange> ranges;
    for (std::uint32_t argument : sources_.program.kernels[dispatch.kernel].texels)
      ranges.push_back(texel_range(dispatch.arguments[argument].range));
    if (ranges.empty())
      return texel_sets_.emplace_back(VK_NULL_HANDLE);
    if (std::ranges::count(ranges, nullptr, [](const auto& range) { return range.start.buffer; }))
      return texel_sets_.emplace_back(std::nullopt);
    return texel_sets_.emplace_back(texels_->bind(pipeline.texel_layout(), ranges));
  }

  // All present rows of a state that grows.
  TexelRange texel_range(const BufferRange& range) const {
    const BufferView start = sources_.resolve(range);
    if (range.space != Space::state || !sources_.program.states[range.index].growable)
      return {start, range.bytes};
    return {start, start.buffer->bytes() - start.offset};
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
  TexelViews* texels_;
  std::vector<VkCommandBuffer>& parts_;
  std::vector<std::optional<VkDescriptorSet>> texel_sets_;  // by dispatch
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  std::size_t work_ = 0;
  std::size_t dispatches_ = 0;
  std::uint32_t timestamps_ = 0;
};

}  // namespace

Recording::Recording(const RecordingSources& sources, const Options& options)
    : pool_(std::make_unique<CommandPool>(sources.device)), texels_(make_texel_views(sources)) {
  Recorder(sources, options, *pool_, texels_.get(), parts_).run();
}

std::size_t count_work(const Entry& entry) {
  return static_cast<std::size_t>(std::ranges::count_if(
      entry.commands, [](const Command& c) { return !std::holds_alternative<Barrier>(c); }));
}

}  // namespace ashlar
