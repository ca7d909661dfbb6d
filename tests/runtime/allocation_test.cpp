// SPDX-License-Identifier: Apache-2.0
// The steady state of a run allocates nothing: neither on the heap (operator new of this binary,
// which holds the runtime) nor through Vulkan.
#include "runtime/executor/executor.h"
#include "runtime/vulkan/device.h"
#include "runtime/vulkan/transfers.h"
#include "tests/runtime/test_programs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::uint64_t> g_allocations = 0;
}

void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size))
    return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) {
  return operator new(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++g_allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace ashlar {
namespace {

// Without validation layers: they allocate on every call.
TEST(SteadyState, RunsAllocateNothing) {
  DeviceOptions options = DeviceOptions::from_environment();
  options.debug = {};
  Device device(options);
  StateStore store(device);
  Executor chain(device, chain_program(), store), tokens(device, cache_program(), store);
  const Buffer x(device, kBytes, Residency::state, "x"), y(device, kBytes, Residency::state, "y"),
      y2(device, kBytes, Residency::state, "y2");
  const std::array<BufferView, 1> inputs = {{{&x}}}, outputs = {{{&y}}}, other = {{{&y2}}};
  const auto step = [&] {
    chain.run(0, inputs, outputs);
    chain.run(0, inputs, other);
    device.queue().wait(tokens.run(0, {}, {}, 4));
    store.reset("step");
  };
  step();
  const std::uint64_t heap = g_allocations;
  const std::uint64_t objects = device.objects_created();
  const std::uint64_t recordings = chain.counters().recordings + tokens.counters().recordings;
  for (int i = 0; i < 100; ++i)
    step();
  EXPECT_EQ(g_allocations, heap);
  EXPECT_EQ(device.objects_created(), objects);
  EXPECT_EQ(chain.counters().recordings + tokens.counters().recordings, recordings);
}

TEST(SteadyState, TheCountersSeeAllocations) {
  const std::uint64_t heap = g_allocations;
  Device device;
  const std::uint64_t objects = device.objects_created();
  const Buffer buffer(device, 16, Residency::state, "buffer");
  EXPECT_GT(g_allocations, heap);
  EXPECT_EQ(device.objects_created(), objects + 2);
}

}  // namespace
}  // namespace ashlar
