// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a request to stop what is being generated.
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace ashlar::cli {

// While it lives, the first Ctrl-C requests a stop and the second one ends the program as usual.
// One at a time.
class InterruptScope {
public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

private:
  struct sigaction previous_;
  std::stop_source stop_;
  std::jthread watcher_;
};

}  // namespace ashlar::cli
