// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/array_memory.h"

#include "runtime/array/context.h"
#include "runtime/array/memory.h"
#include "runtime/program/error.h"
#include "runtime/vulkan/device.h"

namespace ashlar {

DeviceValue::~DeviceValue() {
  if (memory_)
    memory_->give_back(std::move(buffer_));
}

std::shared_ptr<DeviceValue> ArrayMemory::allocate(std::uint64_t bytes, std::uint64_t room) {
  return std::make_shared<DeviceValue>(*this, take(std::max(bytes, room)), bytes);
}

Buffer ArrayMemory::take(std::uint64_t bytes) {
  const auto count = [&](const Buffer& buffer) {
    figures_.active += buffer.bytes();
    figures_.peak = std::max(figures_.peak, figures_.active);
  };
  {
    const std::scoped_lock lock(mutex_);
    if (bytes > limit_ || figures_.active > limit_ - bytes)
      throw OutOfMemory("memory", "arrays hold {} bytes and may hold {}: {} more do not fit",
                        figures_.active, limit_, bytes);
    // Much larger ones are left for arrays that need them.
    const auto found = free_.lower_bound(bytes);
    if (found != free_.end() && found->first / 2 <= bytes) {
      Buffer buffer = std::move(found->second);
      free_.erase(found);
      figures_.cached -= buffer.bytes();
      count(buffer);
      return buffer;
    }
  }
  const auto fresh = [&] { return Buffer(device_, bytes, Residency::state, "array"); };
  Buffer buffer;
  try {
    buffer = fresh();
  } catch (const OutOfMemory&) {
    if (!clear_cache())
      throw;
    device_.queue().wait_idle();
    device_.queue().collect();
    buffer = fresh();
  }
  const std::scoped_lock lock(mutex_);
  count(buffer);
  return buffer;
}

void ArrayMemory::give_back(Buffer buffer) {
  std::multimap<std::uint64_t, Buffer> dropped;  // destroyed without the lock
  const std::scoped_lock lock(mutex_);
  figures_.active -= buffer.bytes();
  figures_.cached += buffer.bytes();
  free_.emplace(buffer.bytes(), std::move(buffer));
  // Contents of fresh memory are NaN there, so it must be fresh.
  trim(device_.debug().poison ? 0 : cache_limit_, dropped);
}

// The largest go first: they hold back the most.
void ArrayMemory::trim(std::uint64_t limit, std::multimap<std::uint64_t, Buffer>& dropped) {
  while (figures_.cached > limit) {
    auto largest = free_.extract(std::prev(free_.end()));
    figures_.cached -= largest.key();
    dropped.insert(std::move(largest));
  }
}

ArrayMemory::Figures ArrayMemory::figures() const {
  const std::scoped_lock lock(mutex_);
  return figures_;
}

void ArrayMemory::reset_peak() {
  const std::scoped_lock lock(mutex_);
  figures_.peak = figures_.active;
}

void ArrayMemory::set_limit(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  limit_ = bytes;
}

void ArrayMemory::set_cache_limit(std::uint64_t bytes) {
  std::multimap<std::uint64_t, Buffer> dropped;
  const std::scoped_lock lock(mutex_);
  cache_limit_ = bytes;
  trim(bytes, dropped);
}

bool ArrayMemory::clear_cache() {
  std::multimap<std::uint64_t, Buffer> dropped;
  const std::scoped_lock lock(mutex_);
  trim(0, dropped);
  return !dropped.empty();
}

std::uint64_t memory::active() {
  return Context::instance().memory().figures().active;
}
std::uint64_t memory::peak() {
  return Context::instance().memory().figures().peak;
}
std::uint64_t memory::cached() {
  return Context::instance().memory().figures().cached;
}
void memory::reset_peak() {
  Context::instance().memory().reset_peak();
}
void memory::set_limit(std::uint64_t bytes) {
  Context::instance().memory().set_limit(bytes);
}
void memory::set_cache_limit(std::uint64_t bytes) {
  Context::instance().memory().set_cache_limit(bytes);
}
void memory::clear_cache() {
  Context::instance().memory().clear_cache();
}

}  // namespace ashlar
