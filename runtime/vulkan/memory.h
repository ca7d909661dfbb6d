// SPDX-License-Identifier: Apache-2.0
// Device memory by residency class, with counters and a budget. Nothing is allocated beyond the
// budget: callers ask check_budget first, with everything they are about to allocate.
//
// Thread-safety: Memory is thread-safe; a Buffer is used by one thread at a time.
#pragma once

#include "runtime/program/program.h"
#include "runtime/vulkan/budget.h"

#include <vulkan/vulkan_core.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace ashlar {

class Device;

struct MemoryStats {
  std::uint64_t allocations = 0;  // vkAllocateMemory calls so far
  std::uint64_t live = 0;         // of those, not yet freed
  std::uint64_t live_bytes = 0;
  std::uint64_t peak_bytes = 0;
};

// Bytes of the host, and what keeps them there.
struct HostMemory {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

class Memory {
public:
  explicit Memory(Device& device);

  // Memory of classes step, ring and staging is host visible and coherent. Throws OutOfMemory.
  VkDeviceMemory allocate(const VkMemoryRequirements& requirements, Residency residency);
  // Whole pages of the host as device memory, which holds their owner until it is freed. Null where
  // the driver refuses.
  VkDeviceMemory import_pages(const HostMemory& pages, std::uint32_t memory_types);
  void free(VkDeviceMemory memory);

  // Throws OutOfMemory, naming what would fit, unless the demands fit beside what is live.
  void check_budget(std::span<const Demand> demands) const;
  // Bytes that may still be allocated in one residency class.
  std::uint64_t available(Residency residency) const;
  MemoryStats stats() const;

private:
  struct Allocation {
    std::uint32_t heap;
    std::uint64_t bytes;
    std::shared_ptr<const void> owner;  // of imported memory
  };

  void count(VkDeviceMemory memory, Allocation allocation);

  std::vector<std::uint32_t> preferred_types(Residency residency) const;
  std::uint32_t heap_of(Residency residency) const;
  Budget budget() const;

  Device& device_;
  VkPhysicalDeviceMemoryProperties properties_{};
  mutable std::mutex mutex_;
  std::unordered_map<VkDeviceMemory, Allocation> allocations_;
  std::vector<std::uint64_t> heap_bytes_;
  MemoryStats stats_;
};

// Bytes of RAM that a CPU driver may still take: the system's available memory, within the limit of
// the control group. Exposed for tests.
std::uint64_t available_host_memory();

// A buffer with memory of its own. Destruction is safe while the device still uses it: the memory
// is returned once the queue has passed the last submit. With ASHLAR_DEBUG=poison, fresh contents
// are 0xFF; otherwise they are undefined.
class Buffer {
public:
  Buffer() = default;
  // Sizes are rounded up to 16 bytes; `bytes` may be 0. Throws OutOfMemory.
  Buffer(Device& device, std::uint64_t bytes, Residency residency, const std::string& name);
  // The pages that hold the bytes, where they lie; see import_host_memory.
  static std::optional<Buffer> over(Device& device, const HostMemory& pages,
                                    const std::string& name);
  ~Buffer();
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;

  explicit operator bool() const { return handle_ != VK_NULL_HANDLE; }
  Device& device() const { return *device_; }
  // Unique among all buffers of the process, never reused.
  std::uint64_t id() const { return id_; }
  VkBuffer handle() const { return handle_; }
  VkDeviceAddress address() const { return address_; }
  std::uint64_t bytes() const { return bytes_; }
  Residency residency() const { return residency_; }
  // Host address, coherent; null for classes that live in device memory.
  std::byte* mapped() const { return mapped_; }

private:
  Buffer(Device& device, std::uint64_t bytes, Residency residency);
  void create(std::uint64_t bytes, const void* next);
  void bind(VkDeviceMemory memory);
  VkMemoryRequirements requirements() const;
  void release() noexcept;

  Device* device_ = nullptr;
  std::uint64_t id_ = 0;
  VkBuffer handle_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
  VkDeviceAddress address_ = 0;
  std::uint64_t bytes_ = 0;
  Residency residency_ = Residency::arena;
  std::byte* mapped_ = nullptr;
};

// Bytes of a buffer, from an offset on; does not own it.
struct BufferView {
  const Buffer* buffer = nullptr;
  std::uint64_t offset = 0;
};

struct ImportedBuffer {
  Buffer buffer;
  std::uint64_t offset;  // of the bytes that were asked for
};

// A buffer over memory of the host, without a copy. Its owner is let go once the buffer is gone and
// the device has passed its last use. Nothing where the device has no VK_EXT_external_memory_host,
// where the bytes do not start at a multiple of 16, or where the driver refuses: there a copy
// serves. The device reads whole pages, so what shares the first and last one with the bytes must
// stay mapped too.
std::optional<ImportedBuffer> import_host_memory(Device& device, const HostMemory& memory,
                                                 const std::string& name);

}  // namespace ashlar
