// SPDX-License-Identifier: Apache-2.0
// Named device buffers that survive between runs (KV caches, step blocks, rings) and are shared by
// all executors bound to the store.
//
// A state that a failed submit may have written is invalid: every use is an InvalidArgument until
// it is reset or written as a whole. Thread-safety: one thread at a time, executors included.
#pragma once

#include "runtime/program/program.h"
#include "runtime/vulkan/memory.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

class Device;

// One state; owned by its store and never moved.
class DeviceState {
public:
  DeviceState(Device& device, const StateSpec& spec);

  const std::string& name() const { return spec_.name; }
  DType dtype() const { return spec_.dtype; }
  const Shape& shape() const { return spec_.shape; }  // shape[0] of a growable state: its capacity
  Residency residency() const { return spec_.residency; }
  const Buffer& buffer() const { return buffer_; }  // another one, with another id, after growth
  bool is_valid() const { return valid_; }
  // Throws InvalidArgument where the state is invalid.
  void require_valid() const;
  void invalidate() { valid_ = false; }

private:
  friend class StateStore;

  StateSpec spec_;
  Buffer buffer_;
  bool valid_ = true;
};

class StateStore {
public:
  explicit StateStore(Device& device) : device_(device) {}

  // Creates the state zero filled, or returns the one of that name. Throws InvalidArgument where it
  // differs in dtype, shape, growth or residency (a growable one may have any capacity of at least
  // the one asked for), OutOfMemory where it does not fit.
  DeviceState& declare(const StateSpec& spec);
  bool contains(std::string_view name) const { return states_.contains(name); }
  // Throws InvalidArgument where there is none.
  DeviceState& at(std::string_view name);
  std::vector<std::string> names() const;

  // Byte ranges are checked. Reading waits for all submitted work; writing the whole state makes it
  // valid again.
  void write(std::string_view name, std::uint64_t offset, std::span<const std::byte> bytes);
  void read(std::string_view name, std::uint64_t offset, std::span<std::byte> bytes);
  // Fills it with zeros and makes it valid.
  void reset(std::string_view name);

  // Makes room for `rows` rows along axis 0: doubles the capacity, up to `max_rows`, or takes
  // `rows` where that is more. Rows keep their contents and new ones are zero; work in flight keeps
  // the old buffer. Throws OutOfMemory (the peak holds both buffers) and leaves the state as it
  // was.
  void grow(std::string_view name, std::int64_t rows,
            std::int64_t max_rows = std::numeric_limits<std::int64_t>::max());

private:
  Device& device_;
  std::map<std::string, DeviceState, std::less<>> states_;
};

}  // namespace ashlar
