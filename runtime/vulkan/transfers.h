// SPDX-License-Identifier: Apache-2.0
// Moves bytes between host and buffers. Device memory is reached through a bounded ring of staging
// buffers, so any size works; host-visible buffers are copied directly once the queue is idle.
//
// All transfers run in submit order: a write is seen by every later submit, and a read sees every
// earlier one. Thread-safety: one thread at a time.
#pragma once

#include "runtime/vulkan/memory.h"
#include "runtime/vulkan/queue.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace ashlar {

class CommandPool;

class Transfers {
public:
  // Fills `chunk` with the bytes that start at `offset` of the whole.
  using Source = std::function<void(std::uint64_t offset, std::span<std::byte> chunk)>;

  explicit Transfers(Device& device);
  ~Transfers();

  // Ranges must lie within the buffer (InvalidArgument). The source is used up on return.
  void write(const Buffer& target, std::uint64_t offset, std::span<const std::byte> bytes);
  void write(const Buffer& target, std::uint64_t offset, std::uint64_t bytes, const Source& source);
  // Waits for all earlier work.
  void read(const Buffer& source, std::uint64_t offset, std::span<std::byte> bytes);
  void copy(const Buffer& source, std::uint64_t source_offset, const Buffer& target,
            std::uint64_t target_offset, std::uint64_t bytes);
  // The whole buffer.
  void fill(const Buffer& target, std::uint32_t word);

  // Bytes of one staging buffer; larger transfers go in several pieces.
  static constexpr std::uint64_t kChunkBytes = std::uint64_t{4} << 20;
  static constexpr std::size_t kSlots = 4;

private:
  struct Slot {
    VkCommandBuffer commands = VK_NULL_HANDLE;
    Ticket ticket = 0;
    Buffer staging;  // allocated on the first use
  };

  Slot& next_slot();
  Slot& next_staging_slot();
  template <typename Record> void submit(Slot& slot, Record&& record);

  Device& device_;
  std::unique_ptr<CommandPool> pool_;
  std::vector<Slot> slots_;
  std::size_t next_ = 0;
};

}  // namespace ashlar
