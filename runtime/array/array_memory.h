// SPDX-License-Identifier: Apache-2.0
// Buffers for evaluated arrays, with a cache of those that are free again. Reuse needs no waiting:
// all work of a device runs in submit order, each submit behind a barrier.
//
// Thread-safety: allocate by one thread at a time; the rest, and the end of values, by any.
#pragma once

#include "runtime/vulkan/memory.h"

#include <map>
#include <memory>
#include <mutex>

namespace ashlar {

class ArrayMemory;

// The contents of an evaluated array: row-major, contiguous. Complete when the work that was
// submitted so far is.
class DeviceValue {
public:
  DeviceValue(ArrayMemory& memory, Buffer buffer, std::uint64_t bytes)
      : memory_(&memory), buffer_(std::move(buffer)), bytes_(bytes) {}
  // In memory of the host, which nothing may write.
  DeviceValue(ImportedBuffer imported, std::uint64_t bytes)
      : buffer_(std::move(imported.buffer)), offset_(imported.offset), bytes_(bytes) {}
  ~DeviceValue();
  DeviceValue(const DeviceValue&) = delete;
  DeviceValue& operator=(const DeviceValue&) = delete;

  BufferView view() const { return {&buffer_, offset_}; }
  std::uint64_t bytes() const { return bytes_; }
  Device& device() const { return buffer_.device(); }
  bool is_in_host_memory() const { return !memory_; }

private:
  ArrayMemory* memory_ = nullptr;
  Buffer buffer_;
  std::uint64_t offset_ = 0;
  std::uint64_t bytes_;
};

class ArrayMemory {
public:
  struct Figures {
    std::uint64_t active = 0, peak = 0, cached = 0;
  };

  explicit ArrayMemory(Device& device) : device_(device) {}

  // A value in memory of at least `room` bytes. Throws OutOfMemory, when an empty cache does not
  // help.
  std::shared_ptr<DeviceValue> allocate(std::uint64_t bytes, std::uint64_t room = 0);

  Figures figures() const;
  void reset_peak();
  void set_limit(std::uint64_t bytes);
  void set_cache_limit(std::uint64_t bytes);
  // Whether there was anything in it.
  bool clear_cache();

private:
  friend class DeviceValue;
  Buffer take(std::uint64_t bytes);
  void give_back(Buffer buffer);
  void trim(std::uint64_t limit, std::multimap<std::uint64_t, Buffer>& dropped);

  Device& device_;
  mutable std::mutex mutex_;
  std::multimap<std::uint64_t, Buffer> free_;  // by size
  Figures figures_;
  std::uint64_t limit_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t cache_limit_ = std::uint64_t{1} << 30;
};

}  // namespace ashlar
