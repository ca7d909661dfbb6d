// SPDX-License-Identifier: Apache-2.0
// Submits and waits, on one timeline semaphore per device. Every submit gets the next ticket; work
// runs in the order of tickets (each recording starts with a barrier), and a ticket is done when
// all its writes are visible to the host.
//
// Thread-safety: all functions may be called from several threads.
#pragma once

#include <vulkan/vulkan_core.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace ashlar {

class CommandPool;
class Device;

// A point on the device's time line. Ticket 0 is always done.
using Ticket = std::uint64_t;

class Queue {
public:
  explicit Queue(Device& device);
  ~Queue();  // the device must have been drained

  // Runs the buffers in order, the whole list `repeat` times, in one vkQueueSubmit. Throws
  // DeviceLost or OutOfMemory; then nothing was submitted. Allocates nothing once it has seen the
  // largest list.
  Ticket submit(std::span<const VkCommandBuffer> buffers, std::uint32_t repeat = 1);

  // Blocks until the ticket is done. Throws DeviceLost.
  void wait(Ticket ticket);
  void wait_idle() { wait(last_submitted()); }
  bool is_done(Ticket ticket);

  Ticket last_submitted() const { return last_; }
  std::uint64_t submits() const { return last_; }
  bool is_lost() const { return lost_; }

  // Destroys the object once everything submitted so far is done; at once where that is so already.
  void retire(VkObjectType type, std::uint64_t object) noexcept;
  // Destroys what has become free.
  void collect() noexcept;

  // From now on nothing is destroyed. For the end of the process, when drivers and layers may be
  // gone before objects in static storage are.
  void abandon() noexcept { abandoned_ = true; }

  // Waits a bounded time for all work and destroys what was retired. False where work still runs
  // and nothing may be destroyed.
  bool drain() noexcept;

private:
  struct Retired {
    Ticket ticket;
    VkObjectType type;
    std::uint64_t object;
  };

  Ticket completed() noexcept;
  void throw_if_lost() const;
  void note(VkResult result) noexcept;

  Device& device_;
  VkSemaphore timeline_ = VK_NULL_HANDLE;
  std::unique_ptr<CommandPool> pool_;
  VkCommandBuffer host_barrier_ = VK_NULL_HANDLE;
  std::mutex submit_mutex_;
  std::vector<VkCommandBufferSubmitInfo> infos_;
  std::atomic<Ticket> last_ = 0;
  std::atomic<bool> lost_ = false;
  std::atomic<bool> abandoned_ = false;
  std::mutex retired_mutex_;
  std::deque<Retired> retired_;
};

}  // namespace ashlar
