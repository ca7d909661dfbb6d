// SPDX-License-Identifier: Apache-2.0
// Typed errors. Every failure a user can cause ends in one of these; `assert` is for our own bugs.
//
// Messages read `[unit] what went wrong: expected X, got Y (tensor/op/file, offset)` and name the
// next step where there is one. Errors are thrown by value and caught by const reference. They
// never cross MLIR frames or C callbacks.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace ashlar {

class Error : public std::runtime_error {
public:
  // `unit` is the component that failed, for example "safetensors" or "vulkan".
  Error(std::string_view unit, std::string_view message)
      : std::runtime_error(fmt::format("[{}] {}", unit, message)), unit_(unit) {}

  template <typename... Args>
    requires(sizeof...(Args) > 0)
  Error(std::string_view unit, fmt::format_string<Args...> format, Args&&... args)
      : Error(unit, std::string_view(fmt::format(format, std::forward<Args>(args)...))) {}

  const std::string& unit() const noexcept { return unit_; }
  // what() without the unit, for an outer unit that re-throws with more context.
  std::string_view message() const noexcept {
    return std::string_view(what()).substr(unit_.size() + 3);
  }

private:
  std::string unit_;
};

// The caller passed something unusable: a shape, dtype, index, option or prompt.
class InvalidArgument : public Error {
  using Error::Error;
};

// The bytes of a file break its format's rules.
class FormatError : public Error {
  using Error::Error;
};

// The operating system refused: a missing file, no permission, a full disk.
class IoError : public Error {
  using Error::Error;
};

// Well formed, but outside what Ashlar or the present device can do.
class Unsupported : public Error {
  using Error::Error;
};

// A plan or an allocation does not fit; the message says what would.
class OutOfMemory : public Error {
  using Error::Error;
};

// No Vulkan device satisfies the request; the message lists each device with its reason.
class NoDevice : public Error {
  using Error::Error;
};

// The device stopped answering. Every state of the device is invalid afterwards.
class DeviceLost : public Error {
  using Error::Error;
};

// The user's cancellation was honoured; nothing is half done.
class Cancelled : public Error {
  using Error::Error;
};

}  // namespace ashlar
