// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/record_table.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace ashlar {
namespace {

constexpr std::uint64_t kRecordAlignment = 16;

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

}  // namespace

RecordTable::RecordTable(const Entry& entry) {
  for (const Command& command : entry.commands) {
    const auto* dispatch = std::get_if<Dispatch>(&command);
    if (!dispatch)
      continue;
    offsets_.push_back(bytes_);
    std::uint64_t at = bytes_;
    for (const Argument& argument : dispatch->arguments) {
      slots_[key_of(argument.range)].push_back({at, argument.range.offset});
      at += sizeof(std::uint64_t);
    }
    bytes_ = aligned(at + dispatch->scalars.size() * sizeof(std::uint32_t));
  }
}

void RecordTable::place(const Entry& entry, std::byte* host, std::uint64_t device_address) {
  host_ = host;
  device_address_ = device_address;
  std::size_t next = 0;
  for (const Command& command : entry.commands) {
    const auto* dispatch = std::get_if<Dispatch>(&command);
    if (!dispatch)
      continue;
    const std::uint64_t scalars =
        offsets_[next++] + dispatch->arguments.size() * sizeof(std::uint64_t);
    std::ranges::copy(std::as_bytes(std::span(dispatch->scalars)), host_ + scalars);
  }
}

std::size_t RecordTable::set_buffer(BufferKey key, std::uint64_t base) {
  const auto found = slots_.find(key);
  if (found == slots_.end())
    return 0;
  for (const Slot& slot : found->second) {
    const std::uint64_t address = base + slot.range_offset;
    std::memcpy(host_ + slot.offset, &address, sizeof(address));
  }
  return found->second.size();
}

}  // namespace ashlar
