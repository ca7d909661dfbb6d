// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/queue.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/check.h"
#include "runtime/vulkan/commands.h"
#include "runtime/vulkan/device.h"

#include <limits>

namespace ashlar {
namespace {

constexpr std::uint64_t kPollNanoseconds = 1'000'000'000;
constexpr std::uint64_t kDrainNanoseconds = 10'000'000'000;

VkSemaphore create_timeline(Device& device) {
  VkSemaphoreTypeCreateInfo type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO};
  type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
  const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &type, 0};
  VkSemaphore semaphore = VK_NULL_HANDLE;
  check_vulkan(vkCreateSemaphore(device.handle(), &info, nullptr, &semaphore), "vkCreateSemaphore");
  device.count_created();
  return semaphore;
}

VkResult wait_for(VkDevice device, VkSemaphore semaphore, Ticket ticket,
                  std::uint64_t nanoseconds) {
  VkSemaphoreWaitInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO};
  info.semaphoreCount = 1;
  info.pSemaphores = &semaphore;
  info.pValues = &ticket;
  return vkWaitSemaphores(device, &info, nanoseconds);
}

}  // namespace

Queue::Queue(Device& device) : device_(device), pool_(std::make_unique<CommandPool>(device)) {
  host_barrier_ = pool_->allocate();
  begin_recording(host_barrier_);
  record_host_barrier(host_barrier_);
  end_recording(host_barrier_);
  timeline_ = create_timeline(device);
}

Queue::~Queue() {
  pool_.reset();
  collect();
  vkDestroySemaphore(device_.handle(), timeline_, nullptr);
}

Ticket Queue::submit(std::span<const VkCommandBuffer> buffers, std::uint32_t repeat) {
  const std::lock_guard lock(submit_mutex_);
  throw_if_lost();
  const auto info_of = [](VkCommandBuffer buffer) {
    VkCommandBufferSubmitInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO};
    info.commandBuffer = buffer;
    return info;
  };
  infos_.clear();
  for (std::uint32_t i = 0; i < repeat; ++i)
    for (VkCommandBuffer buffer : buffers)
      infos_.push_back(info_of(buffer));
  infos_.push_back(info_of(host_barrier_));

  VkSemaphoreSubmitInfo signal{VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO};
  signal.semaphore = timeline_;
  signal.value = last_ + 1;
  signal.stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT;
  VkSubmitInfo2 submit{VK_STRUCTURE_TYPE_SUBMIT_INFO_2};
  submit.commandBufferInfoCount = static_cast<std::uint32_t>(infos_.size());
  submit.pCommandBufferInfos = infos_.data();
  submit.signalSemaphoreInfoCount = 1;
  submit.pSignalSemaphoreInfos = &signal;
  const VkResult result = vkQueueSubmit2(device_.vulkan_queue(), 1, &submit, VK_NULL_HANDLE);
  note(result);
  check_vulkan(result, "vkQueueSubmit2");
  return ++last_;
}

void Queue::wait(Ticket ticket) {
  VkResult result = VK_TIMEOUT;
  while (result == VK_TIMEOUT) {
    throw_if_lost();
    result = wait_for(device_.handle(), timeline_, ticket, kPollNanoseconds);
  }
  note(result);
  check_vulkan(result, "vkWaitSemaphores");
  collect();
}

bool Queue::is_done(Ticket ticket) {
  throw_if_lost();
  return ticket <= completed();
}

void Queue::retire(VkObjectType type, std::uint64_t object) noexcept {
  if (abandoned_)
    return;
  const Ticket ticket = last_submitted();
  if (ticket <= completed())
    return device_.destroy(type, object);
  try {
    const std::lock_guard lock(retired_mutex_);
    retired_.push_back({ticket, type, object});
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
    // Out of host memory: the object is leaked rather than destroyed under the device.
  }
}

void Queue::collect() noexcept {
  const std::lock_guard lock(retired_mutex_);
  if (retired_.empty())
    return;
  const Ticket done = completed();
  while (!retired_.empty() && retired_.front().ticket <= done) {
    device_.destroy(retired_.front().type, retired_.front().object);
    retired_.pop_front();
  }
}

bool Queue::drain() noexcept {
  // A lost device has stopped: what it used may be destroyed.
  const bool idle = lost_ || wait_for(device_.handle(), timeline_, last_submitted(),
                                      kDrainNanoseconds) != VK_TIMEOUT;
  if (idle)
    collect();
  return idle;
}

// A lost device completes nothing more, and everything it used may be destroyed.
Ticket Queue::completed() noexcept {
  if (lost_)
    return std::numeric_limits<Ticket>::max();
  std::uint64_t value = 0;
  const VkResult result = vkGetSemaphoreCounterValue(device_.handle(), timeline_, &value);
  note(result);
  return result == VK_SUCCESS ? value : 0;
}

void Queue::throw_if_lost() const {
  if (lost_)
    throw DeviceLost("vulkan", "the device '{}' was lost: open it again and reload all states",
                     device_.profile().name);
}

void Queue::note(VkResult result) noexcept {
  if (result == VK_ERROR_DEVICE_LOST)
    lost_ = true;
}

}  // namespace ashlar
