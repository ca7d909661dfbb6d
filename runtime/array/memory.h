// SPDX-License-Identifier: Apache-2.0
// The device memory of evaluated arrays. Memory whose array is gone waits in a cache for the next
// array of about its size, so that steady loops allocate nothing. Programs, states and weights are
// not counted here. All figures are bytes. Thread-safety: from any thread.
#pragma once

#include <cstdint>

namespace ashlar::memory {

// What living arrays hold; the most they held since the start or `reset_peak`; what waits.
std::uint64_t active();
std::uint64_t peak();
std::uint64_t cached();
void reset_peak();

// The most that arrays may hold; beyond it evaluation throws OutOfMemory. No limit at first.
void set_limit(std::uint64_t bytes);
// The most that may wait; 1 GiB at first. 0 turns the cache off.
void set_cache_limit(std::uint64_t bytes);
// Gives back all that waits. Evaluation does so by itself before it runs out of memory.
void clear_cache();

}  // namespace ashlar::memory
