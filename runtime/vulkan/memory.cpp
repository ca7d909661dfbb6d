// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/memory.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/check.h"
#include "runtime/vulkan/device.h"
#include "runtime/vulkan/queue.h"
#include "runtime/vulkan/transfers.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <fstream>
#include <optional>

namespace ashlar {
namespace {

constexpr VkMemoryPropertyFlags kDeviceLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
constexpr VkMemoryPropertyFlags kHost =
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
constexpr VkMemoryPropertyFlags kHostCached = kHost | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
constexpr std::uint64_t kGranule = 16;

bool is_host_class(Residency residency) {
  return residency == Residency::step || residency == Residency::ring ||
         residency == Residency::staging;
}

// Property sets in order of preference.
std::array<VkMemoryPropertyFlags, 2> wanted_properties(Residency residency) {
  switch (residency) {
  case Residency::weights:
  case Residency::state:
  case Residency::arena:
    return {kDeviceLocal, 0};
  case Residency::step:
    return {kDeviceLocal | kHost, kHost};
  case Residency::ring:
  case Residency::staging:
    return {kHostCached, kHost};
  }
  return {0, 0};
}

std::optional<std::uint64_t> read_number(const char* path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  return file >> value ? std::optional(value) : std::nullopt;
}

std::uint64_t next_buffer_id() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

std::uint64_t saturating_sub(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : 0;
}

}  // namespace

std::uint64_t available_host_memory() {
  std::uint64_t available = std::numeric_limits<std::uint64_t>::max();
  std::ifstream meminfo("/proc/meminfo");
  std::string key, unit;
  std::uint64_t kib = 0;
  while (meminfo >> key >> kib && std::getline(meminfo, unit))
    if (key == "MemAvailable:")
      available = kib * 1024;
  const auto limit = read_number("/sys/fs/cgroup/memory.max");
  const auto used = read_number("/sys/fs/cgroup/memory.current");
  if (limit && used)
    available = std::min(available, saturating_sub(*limit, *used));
  return available;
}

Memory::Memory(Device& device)
    : device_(device), properties_(device.physical().memory),
      heap_bytes_(properties_.memoryHeapCount) {}

// Types that offer what a class wants, best first; among equals the one with the fewest extras.
std::vector<std::uint32_t> Memory::preferred_types(Residency residency) const {
  const auto flags = [&](std::uint32_t type) {
    return properties_.memoryTypes[type].propertyFlags;
  };
  std::vector<std::uint32_t> order;
  for (VkMemoryPropertyFlags wanted : wanted_properties(residency)) {
    std::vector<std::uint32_t> types;
    for (std::uint32_t type = 0; type < properties_.memoryTypeCount; ++type)
      if ((flags(type) & wanted) == wanted && std::ranges::count(order, type) == 0)
        types.push_back(type);
    std::ranges::sort(types, {},
                      [&](std::uint32_t t) { return std::pair(std::popcount(flags(t)), t); });
    order.insert(order.end(), types.begin(), types.end());
  }
  return order;
}

VkDeviceMemory Memory::allocate(const VkMemoryRequirements& requirements, Residency residency) {
  if (requirements.size > device_.physical().max_allocation)
    throw OutOfMemory("memory", "one buffer of {} bytes: this device allows at most {}",
                      requirements.size, device_.physical().max_allocation);
  constexpr VkMemoryAllocateFlagsInfo kFlags = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                                nullptr, VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT, 0};
  VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &kFlags};
  info.allocationSize = requirements.size;
  VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
  for (std::uint32_t type : preferred_types(residency)) {
    if (!(requirements.memoryTypeBits >> type & 1))
      continue;
    info.memoryTypeIndex = type;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    result = vkAllocateMemory(device_.handle(), &info, nullptr, &memory);
    if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY)
      continue;
    check_vulkan(result, "vkAllocateMemory");
    device_.count_created();
    const std::uint32_t heap = properties_.memoryTypes[type].heapIndex;
    const std::lock_guard lock(mutex_);
    allocations_[memory] = {heap, requirements.size};
    heap_bytes_[heap] += requirements.size;
    ++stats_.allocations;
    ++stats_.live;
    stats_.live_bytes += requirements.size;
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.live_bytes);
    return memory;
  }
  throw OutOfMemory("memory", "no memory left for {} bytes of class {} ({})", requirements.size,
                    name_of(residency), ashlar::name_of(result));
}

void Memory::free(VkDeviceMemory memory) {
  vkFreeMemory(device_.handle(), memory, nullptr);
  const std::lock_guard lock(mutex_);
  const auto found = allocations_.find(memory);
  heap_bytes_[found->second.heap] -= found->second.bytes;
  stats_.live_bytes -= found->second.bytes;
  --stats_.live;
  allocations_.erase(found);
}

std::uint32_t Memory::heap_of(Residency residency) const {
  const std::vector<std::uint32_t> types = preferred_types(residency);
  return types.empty() ? 0 : properties_.memoryTypes[types.front()].heapIndex;
}

Budget Memory::budget() const {
  const std::lock_guard lock(mutex_);
  Budget free{{}, saturating_sub(device_.options().memory_limit, stats_.live_bytes)};
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
  if (device_.profile().memory_budget) {
    VkPhysicalDeviceMemoryProperties2 properties{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, &budget};
    vkGetPhysicalDeviceMemoryProperties2(device_.physical().handle, &properties);
  }
  for (std::uint32_t heap = 0; heap < properties_.memoryHeapCount; ++heap) {
    if (device_.profile().memory_budget)
      free.heaps.push_back(saturating_sub(budget.heapBudget[heap], budget.heapUsage[heap]));
    else if (device_.profile().is_cpu)
      free.heaps.push_back(available_host_memory());
    else
      free.heaps.push_back(saturating_sub(properties_.memoryHeaps[heap].size, heap_bytes_[heap]));
  }
  return free;
}

std::uint64_t Memory::available(Residency residency) const {
  const Budget free = budget();
  return std::min(free.heaps[heap_of(residency)], free.limit);
}

void Memory::check_budget(std::span<const Demand> demands) const {
  device_.queue().collect();
  std::vector<PlacedDemand> placed;
  for (const Demand& demand : demands)
    placed.push_back({demand, heap_of(demand.residency)});
  check_demands(placed, budget(), device_.profile().name);
}

MemoryStats Memory::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

Buffer::Buffer(Device& device, std::uint64_t bytes, Residency residency, const std::string& name)
    : device_(&device), id_(next_buffer_id()), bytes_(bytes), residency_(residency) {
  if (bytes > device.physical().max_allocation)
    throw OutOfMemory("memory", "buffer '{}' of {} bytes: this device allows at most {}", name,
                      bytes, device.physical().max_allocation);
  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  info.size = std::max(kGranule, (bytes + kGranule - 1) / kGranule * kGranule);
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
               VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;
  check_vulkan(vkCreateBuffer(device.handle(), &info, nullptr, &handle_), "vkCreateBuffer");
  device.count_created();
  try {
    VkMemoryRequirements requirements;
    vkGetBufferMemoryRequirements(device.handle(), handle_, &requirements);
    memory_ = device.memory().allocate(requirements, residency);
    check_vulkan(vkBindBufferMemory(device.handle(), handle_, memory_, 0), "vkBindBufferMemory");
    VkBufferDeviceAddressInfo address{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO};
    address.buffer = handle_;
    address_ = vkGetBufferDeviceAddress(device.handle(), &address);
    if (is_host_class(residency)) {
      void* pointer = nullptr;
      check_vulkan(vkMapMemory(device.handle(), memory_, 0, VK_WHOLE_SIZE, 0, &pointer),
                   "vkMapMemory");
      mapped_ = static_cast<std::byte*>(pointer);
    }
    device.set_name(VK_OBJECT_TYPE_BUFFER, object_id(handle_), name);
    if (device.debug().poison && mapped_)
      std::memset(mapped_, 0xFF, info.size);
    else if (device.debug().poison)
      device.transfers().fill(*this, 0xFFFFFFFFu);
  } catch (...) {
    release();
    throw;
  }
}

Buffer::~Buffer() {
  release();
}

Buffer::Buffer(Buffer&& other) noexcept {
  *this = std::move(other);
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    release();
    device_ = other.device_;
    id_ = other.id_;
    handle_ = std::exchange(other.handle_, VK_NULL_HANDLE);
    memory_ = std::exchange(other.memory_, VK_NULL_HANDLE);
    address_ = other.address_;
    bytes_ = other.bytes_;
    residency_ = other.residency_;
    mapped_ = std::exchange(other.mapped_, nullptr);
  }
  return *this;
}

void Buffer::release() noexcept {
  if (handle_ != VK_NULL_HANDLE)
    device_->retire(VK_OBJECT_TYPE_BUFFER, object_id(handle_));
  if (memory_ != VK_NULL_HANDLE)
    device_->retire(VK_OBJECT_TYPE_DEVICE_MEMORY, object_id(memory_));
  handle_ = VK_NULL_HANDLE;
  memory_ = VK_NULL_HANDLE;
  mapped_ = nullptr;
}

}  // namespace ashlar
