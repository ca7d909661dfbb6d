// SPDX-License-Identifier: Apache-2.0
// A device with core and synchronization validation on; a test fails when the layers say anything,
// until the device is destroyed (leaked objects included).
#pragma once

#include "runtime/vulkan/commands.h"
#include "runtime/vulkan/device.h"
#include "runtime/vulkan/memory.h"
#include "runtime/vulkan/queue.h"
#include "runtime/vulkan/transfers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace ashlar {

class VulkanTest : public testing::Test {
protected:
  static DeviceOptions validated(DebugOptions debug = {}) {
    DeviceOptions options = DeviceOptions::from_environment();
    options.debug = debug;
    options.debug.validation = true;
    return options;
  }

  // Opens the device again with other options.
  void open(DeviceOptions options) {
    close();
    device_.emplace(std::move(options));
    log_ = device_->validation_log();
  }

  void SetUp() override { open(validated()); }
  void TearDown() override { close(); }

  Device& device() { return *device_; }
  ValidationLog& log() { return *log_; }

  template <typename T> Buffer upload(const std::vector<T>& values, const char* name = "values") {
    Buffer buffer(device(), values.size() * sizeof(T), Residency::state, name);
    device().transfers().write(buffer, 0, std::as_bytes(std::span(values)));
    return buffer;
  }

  template <typename T> std::vector<T> download(const Buffer& buffer) {
    std::vector<T> values(buffer.bytes() / sizeof(T));
    device().transfers().read(buffer, 0, std::as_writable_bytes(std::span(values)));
    return values;
  }

private:
  void close() {
    device_.reset();
    if (log_) {
      EXPECT_THAT(log_->messages(), testing::IsEmpty());
    }
    log_.reset();
  }

  std::optional<Device> device_;
  std::shared_ptr<ValidationLog> log_;
};

}  // namespace ashlar
