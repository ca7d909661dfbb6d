// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/error.h"
#include "runtime/vulkan/describe.h"
#include "tests/runtime/vulkan_test.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>

namespace ashlar {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

PhysicalDevice fake(std::string name, DeviceKind kind, std::string unsuitable = "") {
  PhysicalDevice device;
  device.profile.name = std::move(name);
  device.kind = kind;
  device.unsuitable = std::move(unsuitable);
  return device;
}

TEST(ChooseDevice, PrefersDiscreteThenIntegratedThenCpu) {
  const std::vector<PhysicalDevice> devices = {
      fake("llvmpipe", DeviceKind::cpu), fake("Iris Xe", DeviceKind::integrated),
      fake("Old card", DeviceKind::discrete, "lacks timelineSemaphore"),
      fake("H200 A", DeviceKind::discrete), fake("H200 B", DeviceKind::discrete)};
  EXPECT_EQ(choose_device(devices, ""), 3u);
  EXPECT_EQ(choose_device(std::span(devices).first(3), ""), 1u);
  EXPECT_EQ(choose_device(std::span(devices).first(1), ""), 0u);
  EXPECT_EQ(choose_device(devices, "cpu"), 0u);
  EXPECT_EQ(choose_device(devices, "4"), 4u);
  EXPECT_EQ(choose_device(devices, "h200"), 3u);
  EXPECT_EQ(choose_device(devices, "200 b"), 4u);
}

TEST(ChooseDevice, SaysWhyNoneFits) {
  const std::vector<PhysicalDevice> devices = {
      fake("llvmpipe", DeviceKind::cpu),
      fake("Old card", DeviceKind::discrete, "lacks timelineSemaphore")};
  const auto message = AllOf(HasSubstr("ASHLAR_DEVICE='old'"),
                             HasSubstr("0: llvmpipe (cpu): usable, but not asked for"),
                             HasSubstr("1: Old card (discrete): lacks timelineSemaphore"));
  EXPECT_THAT([&] { choose_device(devices, "old"); }, ThrowsMessage<NoDevice>(message));
  EXPECT_THROW(choose_device(devices, "7"), NoDevice);
  EXPECT_THROW(choose_device(devices, "99999999999999999999999"), NoDevice);
  EXPECT_THAT([] { choose_device({}, ""); }, ThrowsMessage<NoDevice>(HasSubstr("lavapipe")));
}

TEST(Device, UnknownSelectorIsATypedError) {
  DeviceOptions options;
  options.selector = "no such device";
  EXPECT_THAT([&] { Device device(options); },
              ThrowsMessage<NoDevice>(HasSubstr("no such device")));
}

TEST(Device, DescriptionNamesEveryDeviceAndTheDefault) {
  const nlohmann::json description = describe_devices();
  ASSERT_FALSE(description["devices"].empty());
  std::size_t defaults = 0;
  for (const auto& device : description["devices"]) {
    defaults += device["default"].get<bool>();
    EXPECT_THAT(describe_devices_text(), HasSubstr(device["name"].get<std::string>()));
  }
  EXPECT_EQ(defaults, 1u);
}

class DeviceTest : public VulkanTest {};

TEST_F(DeviceTest, ProfileOfLavapipeMatchesItsFixture) {
  DeviceProfile profile = device().profile();
  if (!profile.driver.starts_with("llvmpipe"))
    GTEST_SKIP() << "runs on " << profile.driver;
  DeviceProfile fixture = find_profile_fixture("lavapipe").value();
  fixture.name = profile.name;
  fixture.driver = profile.driver;
  EXPECT_EQ(to_string(profile), to_string(fixture));
}

// What the layers must report; each test proves that "no messages" elsewhere means something.
class ValidationCanary : public VulkanTest {
protected:
  VkCommandBuffer commands(CommandPool& pool) {
    VkCommandBuffer buffer = pool.allocate();
    const VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    vkBeginCommandBuffer(buffer, &info);
    return buffer;
  }

  void copy(VkCommandBuffer commands, const Buffer& source, const Buffer& target) {
    const VkBufferCopy region{0, 0, 16};
    vkCmdCopyBuffer(commands, source.handle(), target.handle(), 1, &region);
  }

  void expect_reported(const char* what) {
    EXPECT_THAT(log().messages(), testing::Contains(HasSubstr(what)));
    log().clear();
  }
};

TEST_F(ValidationCanary, CoreReportsAZeroSizedBuffer) {
  const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  VkBuffer buffer = VK_NULL_HANDLE;
  vkCreateBuffer(device().handle(), &info, nullptr, &buffer);
  vkDestroyBuffer(device().handle(), buffer, nullptr);
  expect_reported("VUID-VkBufferCreateInfo-size");
}

TEST_F(ValidationCanary, SyncReportsCopiesWithoutABarrier) {
  const Buffer a(device(), 16, Residency::state, "a"), b(device(), 16, Residency::state, "b"),
      c(device(), 16, Residency::state, "c");
  CommandPool pool(device());
  VkCommandBuffer buffer = commands(pool);
  copy(buffer, a, b);
  copy(buffer, b, c);
  vkEndCommandBuffer(buffer);
  expect_reported("SYNC-HAZARD-READ-AFTER-WRITE");
}

TEST_F(ValidationCanary, SyncIsSatisfiedByOurBarrier) {
  const Buffer a(device(), 16, Residency::state, "a"), b(device(), 16, Residency::state, "b"),
      c(device(), 16, Residency::state, "c");
  CommandPool pool(device());
  VkCommandBuffer buffer = commands(pool);
  copy(buffer, a, b);
  record_barrier(buffer);
  copy(buffer, b, c);
  vkEndCommandBuffer(buffer);
}

TEST_F(ValidationCanary, SyncReportsAHazardAcrossSubmits) {
  const Buffer a(device(), 16, Residency::state, "a"), b(device(), 16, Residency::state, "b"),
      c(device(), 16, Residency::state, "c");
  CommandPool pool(device());
  const VkCommandBuffer first = commands(pool), second = commands(pool);
  copy(first, a, b);
  copy(second, b, c);
  vkEndCommandBuffer(first);
  vkEndCommandBuffer(second);
  // Bare submits: this layer does not look across submits that signal a timeline semaphore, as ours
  // do. There the barrier at the start of every recording is what orders them.
  for (VkCommandBuffer buffer : {first, second}) {
    VkCommandBufferSubmitInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO};
    info.commandBuffer = buffer;
    VkSubmitInfo2 submit{VK_STRUCTURE_TYPE_SUBMIT_INFO_2};
    submit.commandBufferInfoCount = 1;
    submit.pCommandBufferInfos = &info;
    vkQueueSubmit2(device().vulkan_queue(), 1, &submit, VK_NULL_HANDLE);
  }
  vkQueueWaitIdle(device().vulkan_queue());
  expect_reported("SYNC-HAZARD-READ-AFTER-WRITE");
}

// In a process of its own, so that no leak checker counts the deliberate leak.
void leak_a_buffer_and_exit() {
  DeviceOptions options = DeviceOptions::from_environment();
  options.debug.validation = true;
  std::optional<Device> device(std::in_place, options);
  const std::shared_ptr<ValidationLog> log = device->validation_log();
  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  info.size = 16;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
  VkBuffer leaked = VK_NULL_HANDLE;
  vkCreateBuffer(device->handle(), &info, nullptr, &leaked);
  device.reset();
  for (const std::string& message : log->messages())
    std::fputs(message.c_str(), stderr);
  std::_Exit(0);
}

TEST(ValidationLog, SeesObjectsLeakedUntilTheDeviceIsDestroyed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(leak_a_buffer_and_exit(), testing::ExitedWithCode(0),
              "VUID-vkDestroyDevice-device-00378");
}

}  // namespace
}  // namespace ashlar
