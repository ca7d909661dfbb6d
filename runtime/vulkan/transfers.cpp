// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/transfers.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/commands.h"
#include "runtime/vulkan/device.h"

#include <algorithm>
#include <cstring>
#include <deque>

namespace ashlar {
namespace {

void check_range(const Buffer& buffer, std::uint64_t offset, std::uint64_t bytes) {
  if (offset > buffer.bytes() || bytes > buffer.bytes() - offset)
    throw InvalidArgument("transfer", "range of {} bytes at offset {} of a buffer of {}", bytes,
                          offset, buffer.bytes());
}

void record_copy(VkCommandBuffer commands, const Buffer& source, std::uint64_t source_offset,
                 const Buffer& target, std::uint64_t target_offset, std::uint64_t bytes) {
  const VkBufferCopy region{source_offset, target_offset, bytes};
  vkCmdCopyBuffer(commands, source.handle(), target.handle(), 1, &region);
}

}  // namespace

Transfers::Transfers(Device& device)
    : device_(device), pool_(std::make_unique<CommandPool>(device)), slots_(kSlots) {
  for (Slot& slot : slots_)
    slot.commands = pool_->allocate();
}

Transfers::~Transfers() = default;

void Transfers::write(const Buffer& target, std::uint64_t offset,
                      std::span<const std::byte> bytes) {
  write(target, offset, bytes.size(), [&](std::uint64_t at, std::span<std::byte> chunk) {
    std::memcpy(chunk.data(), bytes.data() + at, chunk.size());
  });
}

void Transfers::write(const Buffer& target, std::uint64_t offset, std::uint64_t bytes,
                      const Source& source) {
  check_range(target, offset, bytes);
  if (bytes == 0)
    return;
  if (target.mapped()) {
    device_.queue().wait_idle();
    return source(0, {target.mapped() + offset, bytes});
  }
  for (std::uint64_t done = 0; done < bytes; done += kChunkBytes) {
    const std::uint64_t size = std::min(kChunkBytes, bytes - done);
    Slot& slot = next_staging_slot();
    source(done, {slot.staging.mapped(), size});
    submit(slot, [&] { record_copy(slot.commands, slot.staging, 0, target, offset + done, size); });
  }
}

void Transfers::read(const Buffer& source, std::uint64_t offset, std::span<std::byte> bytes) {
  check_range(source, offset, bytes.size());
  if (bytes.empty())
    return;
  if (source.mapped()) {
    device_.queue().wait_idle();
    std::memcpy(bytes.data(), source.mapped() + offset, bytes.size());
    return;
  }
  struct Piece {
    Slot* slot;
    std::span<std::byte> target;
  };
  std::deque<Piece> in_flight;
  const auto finish_oldest = [&] {
    const Piece piece = in_flight.front();
    in_flight.pop_front();
    device_.queue().wait(piece.slot->ticket);
    std::memcpy(piece.target.data(), piece.slot->staging.mapped(), piece.target.size());
  };
  for (std::uint64_t done = 0; done < bytes.size(); done += kChunkBytes) {
    if (in_flight.size() == kSlots)
      finish_oldest();
    const std::uint64_t size = std::min<std::uint64_t>(kChunkBytes, bytes.size() - done);
    Slot& slot = next_staging_slot();
    submit(slot, [&] { record_copy(slot.commands, source, offset + done, slot.staging, 0, size); });
    in_flight.push_back({&slot, bytes.subspan(done, size)});
  }
  while (!in_flight.empty())
    finish_oldest();
}

void Transfers::copy(const Buffer& source, std::uint64_t source_offset, const Buffer& target,
                     std::uint64_t target_offset, std::uint64_t bytes) {
  check_range(source, source_offset, bytes);
  check_range(target, target_offset, bytes);
  if (bytes == 0)
    return;
  Slot& slot = next_slot();
  submit(slot,
         [&] { record_copy(slot.commands, source, source_offset, target, target_offset, bytes); });
}

void Transfers::fill(const Buffer& target, std::uint32_t word) {
  Slot& slot = next_slot();
  submit(slot, [&] { vkCmdFillBuffer(slot.commands, target.handle(), 0, VK_WHOLE_SIZE, word); });
}

Transfers::Slot& Transfers::next_slot() {
  Slot& slot = slots_[next_];
  next_ = (next_ + 1) % slots_.size();
  device_.queue().wait(slot.ticket);
  return slot;
}

Transfers::Slot& Transfers::next_staging_slot() {
  Slot& slot = next_slot();
  if (!slot.staging)
    slot.staging = Buffer(device_, kChunkBytes, Residency::staging, "staging");
  return slot;
}

template <typename Record> void Transfers::submit(Slot& slot, Record&& record) {
  begin_recording(slot.commands);
  record();
  end_recording(slot.commands);
  slot.ticket = device_.queue().submit({&slot.commands, 1});
}

}  // namespace ashlar
