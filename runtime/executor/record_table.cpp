// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/record_table.h"

#include <algorithm>
#include <cstring>

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
    const std::uint64_t begin = records_.size();
    std::uint64_t at = begin;
    for (const Argument& argument : dispatch->arguments) {
      slots_[key_of(argument.range)].push_back({at, argument.range.offset});
      at += sizeof(std::uint64_t);
    }
    const auto scalars = std::as_bytes(std::span(dispatch->scalars));
    records_.resize(aligned(at + scalars.size()));
    std::ranges::copy(scalars, records_.begin() + static_cast<std::ptrdiff_t>(at));
    places_.push_back({begin, at + scalars.size() - begin});
  }
}

void RecordTable::place(std::byte* mapped, std::uint64_t device_address) {
  mapped_ = mapped;
  device_address_ = device_address;
  std::ranges::copy(records_, mapped_);
}

std::span<const std::byte> RecordTable::record(std::size_t dispatch) const {
  return std::span(records_).subspan(places_[dispatch].offset, places_[dispatch].bytes);
}

std::size_t RecordTable::set_buffer(BufferKey key, std::uint64_t base) {
  const auto found = slots_.find(key);
  if (found == slots_.end())
    return 0;
  for (const Slot& slot : found->second) {
    const std::uint64_t address = base + slot.range_offset;
    std::memcpy(records_.data() + slot.offset, &address, sizeof(address));
    std::memcpy(mapped_ + slot.offset, &address, sizeof(address));
  }
  return found->second.size();
}

}  // namespace ashlar
