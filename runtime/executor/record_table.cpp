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

RecordTable::RecordTable(const Program& program, const Entry& entry) {
  for (const Command& command : entry.commands) {
    const auto* dispatch = std::get_if<Dispatch>(&command);
    if (!dispatch)
      continue;
    std::uint64_t at = bytes_.size();
    records_.push_back({&program.kernels[dispatch->kernel], at});
    for (const Argument& argument : dispatch->arguments) {
      slots_[key_of(argument.range)].push_back({at, argument.range.offset});
      at += sizeof(std::uint64_t);
    }
    const auto scalars = std::as_bytes(std::span(dispatch->scalars));
    bytes_.resize(aligned(at + scalars.size()));
    std::ranges::copy(scalars, bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

void RecordTable::place(std::byte* mapped, std::uint64_t device_address) {
  mapped_ = mapped;
  device_address_ = device_address;
  std::ranges::copy(bytes_, mapped_);
}

std::vector<std::byte> RecordTable::push_constants(std::size_t dispatch) const {
  const auto& [kernel, offset] = records_[dispatch];
  const std::uint64_t address = device_address_ + offset;
  const std::uint64_t size =
      kernel->pushed ? record_bytes(kernel->argument_count, kernel->scalar_count) : sizeof(address);
  std::vector<std::byte> constants((size + 7) / 8 * 8);
  if (!kernel->pushed) {
    std::memcpy(constants.data(), &address, sizeof(address));
    return constants;
  }
  std::memcpy(constants.data(), bytes_.data() + offset, size);
  for (std::uint32_t argument : kernel->indirect) {
    const std::uint64_t slot = argument * sizeof(std::uint64_t), place = address + slot;
    std::memcpy(constants.data() + slot, &place, sizeof(place));
  }
  return constants;
}

std::size_t RecordTable::set_buffer(BufferKey key, std::uint64_t base) {
  const auto found = slots_.find(key);
  if (found == slots_.end())
    return 0;
  for (const Slot& slot : found->second) {
    const std::uint64_t address = base + slot.range_offset;
    std::memcpy(bytes_.data() + slot.offset, &address, sizeof(address));
    std::memcpy(mapped_ + slot.offset, &address, sizeof(address));
  }
  return found->second.size();
}

}  // namespace ashlar
