// SPDX-License-Identifier: Apache-2.0
// Vulkan calls that fail. This binary defines some of the loader's functions itself: each forwards
// to the real one until its turn to fail comes.
#include "runtime/executor/executor.h"
#include "runtime/program/error.h"
#include "tests/runtime/test_programs.h"
#include "tests/runtime/vulkan_test.h"

#include <dlfcn.h>

#include <chrono>
#include <numeric>

namespace {

struct Fault {
  VkResult result = VK_SUCCESS;
  int countdown = 0;  // fails when it reaches zero
  bool persistent = false;

  VkResult next() {
    if (countdown == 0 || (--countdown != 0))
      return VK_SUCCESS;
    if (persistent)
      countdown = 1;
    return result;
  }
};

Fault g_create, g_submit, g_wait;

template <typename Function> Function real(Function, const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define ASHLAR_FAULTY(fault, name, parameters, arguments)                                          \
  extern "C" VKAPI_ATTR VkResult VKAPI_CALL name parameters {                                      \
    if (const VkResult result = fault.next(); result != VK_SUCCESS)                                \
      return result;                                                                               \
    static const auto forward = real(&name, #name);                                                \
    return forward arguments;                                                                      \
  }

ASHLAR_FAULTY(g_create, vkAllocateMemory,
              (VkDevice device, const VkMemoryAllocateInfo* info,
               const VkAllocationCallbacks* callbacks, VkDeviceMemory* memory),
              (device, info, callbacks, memory))
ASHLAR_FAULTY(g_create, vkCreateBuffer,
              (VkDevice device, const VkBufferCreateInfo* info,
               const VkAllocationCallbacks* callbacks, VkBuffer* buffer),
              (device, info, callbacks, buffer))
ASHLAR_FAULTY(g_create, vkBindBufferMemory,
              (VkDevice device, VkBuffer buffer, VkDeviceMemory memory, VkDeviceSize offset),
              (device, buffer, memory, offset))
ASHLAR_FAULTY(g_create, vkMapMemory,
              (VkDevice device, VkDeviceMemory memory, VkDeviceSize offset, VkDeviceSize size,
               VkMemoryMapFlags flags, void** data),
              (device, memory, offset, size, flags, data))
ASHLAR_FAULTY(g_create, vkCreateShaderModule,
              (VkDevice device, const VkShaderModuleCreateInfo* info,
               const VkAllocationCallbacks* callbacks, VkShaderModule* module),
              (device, info, callbacks, module))
ASHLAR_FAULTY(g_create, vkCreateComputePipelines,
              (VkDevice device, VkPipelineCache cache, std::uint32_t count,
               const VkComputePipelineCreateInfo* infos, const VkAllocationCallbacks* callbacks,
               VkPipeline* pipelines),
              (device, cache, count, infos, callbacks, pipelines))
ASHLAR_FAULTY(g_create, vkCreateCommandPool,
              (VkDevice device, const VkCommandPoolCreateInfo* info,
               const VkAllocationCallbacks* callbacks, VkCommandPool* pool),
              (device, info, callbacks, pool))
ASHLAR_FAULTY(g_create, vkAllocateCommandBuffers,
              (VkDevice device, const VkCommandBufferAllocateInfo* info, VkCommandBuffer* buffers),
              (device, info, buffers))
ASHLAR_FAULTY(g_create, vkCreateSemaphore,
              (VkDevice device, const VkSemaphoreCreateInfo* info,
               const VkAllocationCallbacks* callbacks, VkSemaphore* semaphore),
              (device, info, callbacks, semaphore))
ASHLAR_FAULTY(g_create, vkCreatePipelineLayout,
              (VkDevice device, const VkPipelineLayoutCreateInfo* info,
               const VkAllocationCallbacks* callbacks, VkPipelineLayout* layout),
              (device, info, callbacks, layout))
ASHLAR_FAULTY(g_submit, vkQueueSubmit2,
              (VkQueue queue, std::uint32_t count, const VkSubmitInfo2* submits, VkFence fence),
              (queue, count, submits, fence))
ASHLAR_FAULTY(g_wait, vkWaitSemaphores,
              (VkDevice device, const VkSemaphoreWaitInfo* info, std::uint64_t timeout),
              (device, info, timeout))

namespace ashlar {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class FaultTest : public VulkanTest {
protected:
  void TearDown() override {
    g_create = g_submit = g_wait = {};
    VulkanTest::TearDown();
  }
};

// Everything from opening a device to reading results.
void use_everything(DeviceOptions options, std::shared_ptr<ValidationLog>& log) {
  Device device(std::move(options));
  log = device.validation_log();
  StateStore store(device);
  Executor executor(device, cache_program(), store);
  executor.warm_up(0);
  executor.run_and_wait(0, {}, {}, 2);
  store.grow("cache", 5);
  executor.run_and_wait(0, {}, {}, 2);
  std::vector<std::uint32_t> rows(4 * kCount);
  store.read("cache", 0, std::as_writable_bytes(std::span(rows)));
  EXPECT_EQ(rows.back(), 3099u);
}

class CreationFaultTest : public FaultTest, public testing::WithParamInterface<VkResult> {};

TEST_P(CreationFaultTest, IsATypedErrorWithoutLeaksWhereverItHappens) {
  int failures = 0;
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 500);
    std::shared_ptr<ValidationLog> log;
    g_create = {.result = GetParam(), .countdown = n};
    bool failed = false;
    try {
      use_everything(validated(), log);
    } catch (const OutOfMemory&) {
      failed = true;
      ++failures;
    }
    if (log) {
      EXPECT_THAT(log->messages(), testing::IsEmpty()) << "failure " << n;
    }
    if (!failed)
      break;
  }
  EXPECT_GT(failures, 40);
}

INSTANTIATE_TEST_SUITE_P(Results, CreationFaultTest,
                         testing::Values(VK_ERROR_OUT_OF_HOST_MEMORY,
                                         VK_ERROR_OUT_OF_DEVICE_MEMORY));

TEST_F(FaultTest, DeviceMemoryThatRunsOutIsATypedError) {
  g_create = {.result = VK_ERROR_OUT_OF_DEVICE_MEMORY, .countdown = 2, .persistent = true};
  EXPECT_THROW(Buffer(device(), 64, Residency::state, "x"), OutOfMemory);
  g_create = {};
  EXPECT_NO_THROW(Buffer(device(), 64, Residency::state, "x"));
}

TEST_F(FaultTest, AFailedSubmitInvalidatesTheStatesItWrites) {
  StateStore store(device());
  Executor executor(device(), token_program(), store);
  executor.run_and_wait(0, {}, {});
  g_submit = {.result = VK_ERROR_OUT_OF_DEVICE_MEMORY, .countdown = 1};
  EXPECT_THROW(executor.run(0, {}, {}), OutOfMemory);
  EXPECT_THAT([&] { executor.run(0, {}, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'step' is invalid after a failed submit")));
  store.reset("step");
  store.reset("ring");
  EXPECT_NO_THROW(executor.run_and_wait(0, {}, {}));
  std::uint32_t position = 0;
  store.read("step", 0, std::as_writable_bytes(std::span(&position, 1)));
  EXPECT_EQ(position, 1u);
}

TEST_F(FaultTest, ALostDeviceStaysLostAndEndsQuickly) {
  const auto start = std::chrono::steady_clock::now();
  for (int n = 1; n <= 8; ++n) {
    Device lost(validated());
    StateStore store(lost);
    bool reported = false;
    try {
      Executor executor(lost, token_program(), store);
      g_submit = {.result = VK_ERROR_DEVICE_LOST, .countdown = n};
      for (int i = 0; i < 8; ++i)
        executor.run_and_wait(0, {}, {});
    } catch (const DeviceLost&) {
      reported = true;
    }
    g_submit = {};
    EXPECT_TRUE(reported);
    EXPECT_TRUE(lost.queue().is_lost());
    EXPECT_THAT([&] { store.reset("step"); },
                ThrowsMessage<DeviceLost>(HasSubstr("open it again")));
    EXPECT_THROW(lost.queue().wait(1), DeviceLost);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_NO_THROW(use_everything(validated(), *std::make_unique<std::shared_ptr<ValidationLog>>()));
}

TEST_F(FaultTest, DeviceLossWhileWaitingIsReported) {
  Device lost(validated());
  const Buffer buffer(lost, 64, Residency::state, "buffer");
  lost.transfers().fill(buffer, 1);
  const Ticket ticket = lost.queue().last_submitted();
  lost.queue().wait(ticket);
  g_wait = {.result = VK_ERROR_DEVICE_LOST, .countdown = 1};
  EXPECT_THROW(lost.queue().wait(ticket), DeviceLost);
  EXPECT_TRUE(lost.queue().is_lost());
}

}  // namespace
}  // namespace ashlar
