// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/interrupt.h"

#include <chrono>

namespace ashlar::cli {
namespace {

// All that a signal handler may touch; requesting a stop is not among it.
volatile std::sig_atomic_t interrupted = 0;

constexpr std::chrono::milliseconds kPollInterval{20};

}  // namespace

InterruptScope::InterruptScope() {
  interrupted = 0;
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, &previous_);
  watcher_ = std::jthread([this](const std::stop_token& done) {
    while (!done.stop_requested() && interrupted == 0)
      std::this_thread::sleep_for(kPollInterval);
    if (interrupted != 0)
      stop_.request_stop();
  });
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &previous_, nullptr);
}

}  // namespace ashlar::cli
