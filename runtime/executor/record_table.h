// SPDX-License-Identifier: Apache-2.0
// The dispatch records of one entry: u64 address[arguments] then u32 scalar[scalars], 16-byte
// aligned, in the order of its dispatches. Scalars are written once; addresses follow their
// buffers. The host keeps a copy: device memory is slow to read.
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
  // `program` must outlive this; `entry` is one of its entries.
  RecordTable(const Program& program, const Entry& entry);

  std::uint64_t bytes() const { return bytes_.size(); }

  // Where the table lives. Addresses are undefined until their buffers are set.
  void place(std::byte* mapped, std::uint64_t device_address);
  // What the n-th dispatch pushes (see runtime/program/program.h).
  std::vector<std::byte> push_constants(std::size_t dispatch) const;

  // Points every argument in the buffer at its range of `base`; returns how many changed place. No
  // submit that reads the table may be running.
  std::size_t set_buffer(BufferKey key, std::uint64_t base);

private:
  struct Record {
    const Kernel* kernel;
    std::uint64_t offset;
  };
  struct Slot {
    std::uint64_t offset;        // of the address, in the table
    std::uint64_t range_offset;  // of the argument, in its buffer
  };

  std::vector<Record> records_;  // by dispatch
  std::map<BufferKey, std::vector<Slot>> slots_;
  std::vector<std::byte> bytes_;
  std::byte* mapped_ = nullptr;
  std::uint64_t device_address_ = 0;
};

}  // namespace ashlar
