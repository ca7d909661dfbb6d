// SPDX-License-Identifier: Apache-2.0
// The dispatch records of one entry: u64 address[arguments] then u32 scalar[scalars], 16-byte
// aligned, in the order of its dispatches. Scalars are written once; addresses follow their
// buffers.
#pragma once

#include "runtime/program/program.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace ashlar {

// One of the buffers a program names, without its offset.
using BufferKey = std::pair<Space, std::uint32_t>;

inline BufferKey key_of(const BufferRange& range) {
  return {range.space, range.index};
}

class RecordTable {
public:
  explicit RecordTable(const Entry& entry);

  std::uint64_t bytes() const { return bytes_; }

  // Where the table lives; writes the scalars. Addresses are undefined until their buffers are set.
  void place(const Entry& entry, std::byte* host, std::uint64_t device_address);
  // The device address of the record of the n-th dispatch.
  std::uint64_t address(std::size_t dispatch) const { return device_address_ + offsets_[dispatch]; }

  // Points every argument in the buffer at its range of `base`; returns how many changed place. No
  // submit that reads the table may be running.
  std::size_t set_buffer(BufferKey key, std::uint64_t base);

private:
  struct Slot {
    std::uint64_t offset;        // of the address, in the table
    std::uint64_t range_offset;  // of the argument, in its buffer
  };

  std::vector<std::uint64_t> offsets_;
  std::map<BufferKey, std::vector<Slot>> slots_;
  std::uint64_t bytes_ = 0;
  std::byte* host_ = nullptr;
  std::uint64_t device_address_ = 0;
};

}  // namespace ashlar
