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

#include <unistd.h>

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
    count(memory, {properties_.memoryTypes[type].heapIndex, requirements.size, nullptr});
    return memory;
  }
  throw OutOfMemory("memory", "no memory left for {} bytes of class {} ({})", requirements.size,
                    name_of(residency), ashlar::name_of(result));
}

// Imported memory is not of the device's heaps: it counts as an allocation of no bytes.
VkDeviceMemory Memory::import_pages(const HostMemory& pages, std::uint32_t memory_types) {
  const auto query = reinterpret_cast<PFN_vkGetMemoryHostPointerPropertiesEXT>(
      vkGetDeviceProcAddr(device_.handle(), "vkGetMemoryHostPointerPropertiesEXT"));
  constexpr auto kHostAllocation = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
  auto* pointer = const_cast<std::byte*>(pages.bytes.data());
  VkMemoryHostPointerPropertiesEXT found{VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
  if (query(device_.handle(), kHostAllocation, pointer, &found) != VK_SUCCESS)
    return VK_NULL_HANDLE;
  constexpr VkMemoryAllocateFlagsInfo kFlags = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                                nullptr, VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT, 0};
  const VkImportMemoryHostPointerInfoEXT imported{
      VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT, &kFlags, kHostAllocation, pointer};
  VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &imported};
  info.allocationSize = pages.bytes.size();
  for (std::uint32_t type = 0; type < properties_.memoryTypeCount; ++type) {
    const VkMemoryPropertyFlags flags = properties_.memoryTypes[type].propertyFlags;
    if (!(found.memoryTypeBits & memory_types & (1u << type)) || (flags & kHost) != kHost)
      continue;
    info.memoryTypeIndex = type;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    if (vkAllocateMemory(device_.handle(), &info, nullptr, &memory) != VK_SUCCESS)
      continue;
    count(memory, {properties_.memoryTypes[type].heapIndex, 0, pages.owner});
    return memory;
  }
  return VK_NULL_HANDLE;
}

void Memory::count(VkDeviceMemory memory, Allocation allocation) {
  device_.count_created();
  const std::lock_guard lock(mutex_);
  heap_bytes_[allocation.heap] += allocation.bytes;
  ++stats_.allocations;
  ++stats_.live;
  stats_.live_bytes += allocation.bytes;
  stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.live_bytes);
  allocations_[memory] = std::move(allocation);
}

void Memory::free(VkDeviceMemory memory) {
  vkFreeMemory(device_.handle(), memory, nullptr);
  std::shared_ptr<const void> owner;  // let go without the lock: its end is not our code
  const std::lock_guard lock(mutex_);
  const auto found = allocations_.find(memory);
  owner = std::move(found->second.owner);
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

Buffer::Buffer(Device& device, std::uint64_t bytes, Residency residency)
    : device_(&device), id_(next_buffer_id()), bytes_(bytes), residency_(residency) {}

Buffer::Buffer(Device& device, std::uint64_t bytes, Residency residency, const std::string& name)
    : Buffer(device, bytes, residency) {
  if (bytes > device.physical().max_allocation)
    throw OutOfMemory("memory", "buffer '{}' of {} bytes: this device allows at most {}", name,
                      bytes, device.physical().max_allocation);
  std::uint64_t size = std::max(kGranule, (bytes + kGranule - 1) / kGranule * kGranule);
  // lavapipe compiles a kernel once more where a texel buffer lies in a buffer of so many bytes.
  if (device.profile().is_cpu && !is_host_class(residency) && std::has_single_bit(size))
    size += kGranule;
  create(size, nullptr);
  bind(device.memory().allocate(requirements(), residency));
  if (is_host_class(residency)) {
    void* pointer = nullptr;
    check_vulkan(vkMapMemory(device.handle(), memory_, 0, VK_WHOLE_SIZE, 0, &pointer),
                 "vkMapMemory");
    mapped_ = static_cast<std::byte*>(pointer);
  }
  device.set_name(VK_OBJECT_TYPE_BUFFER, object_id(handle_), name);
  if (device.debug().poison && mapped_)
    std::memset(mapped_, 0xFF, size);
  else if (device.debug().poison)
    device.transfers().fill(*this, 0xFFFFFFFFu);
}

void Buffer::create(std::uint64_t bytes, const void* next) {
  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, next};
  info.size = bytes;
  info.usage = kBufferUsage;
  check_vulkan(vkCreateBuffer(device_->handle(), &info, nullptr, &handle_), "vkCreateBuffer");
  device_->count_created();
}

VkMemoryRequirements Buffer::requirements() const {
  VkMemoryRequirements requirements;
  vkGetBufferMemoryRequirements(device_->handle(), handle_, &requirements);
  return requirements;
}

void Buffer::bind(VkDeviceMemory memory) {
  memory_ = memory;
  check_vulkan(vkBindBufferMemory(device_->handle(), handle_, memory_, 0), "vkBindBufferMemory");
  VkBufferDeviceAddressInfo address{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO};
  address.buffer = handle_;
  address_ = vkGetBufferDeviceAddress(device_->handle(), &address);
}

std::optional<Buffer> Buffer::over(Device& device, const HostMemory& pages,
                                   const std::string& name) {
  constexpr VkExternalMemoryBufferCreateInfo kExternal{
      VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, nullptr,
      VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT};
  Buffer buffer(device, pages.bytes.size(), Residency::staging);
  buffer.create(pages.bytes.size(), &kExternal);
  const VkMemoryRequirements needed = buffer.requirements();
  if (needed.size > pages.bytes.size())
    return std::nullopt;
  const VkDeviceMemory memory = device.memory().import_pages(pages, needed.memoryTypeBits);
  if (memory == VK_NULL_HANDLE)
    return std::nullopt;
  buffer.bind(memory);
  buffer.mapped_ = const_cast<std::byte*>(pages.bytes.data());
  device.set_name(VK_OBJECT_TYPE_BUFFER, object_id(buffer.handle_), name);
  return buffer;
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

std::optional<ImportedBuffer> import_host_memory(Device& device, const HostMemory& memory,
                                                 const std::string& name) {
  const std::uint64_t alignment = device.physical().host_import_alignment;
  const auto address = reinterpret_cast<std::uintptr_t>(memory.bytes.data());
  // Bytes of the same page are mapped, bytes of the next one may not be.
  if (alignment == 0 || alignment > static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) ||
      memory.bytes.empty() || address % kGranule != 0)
    return std::nullopt;
  const std::uint64_t offset = address % alignment;
  const std::uint64_t size = (offset + memory.bytes.size() + alignment - 1) / alignment * alignment;
  if (size > device.physical().max_allocation)
    return std::nullopt;
  auto buffer = Buffer::over(device, {{memory.bytes.data() - offset, size}, memory.owner}, name);
  if (!buffer)
    return std::nullopt;
  return ImportedBuffer{std::move(*buffer), offset};
}

}  // namespace ashlar
