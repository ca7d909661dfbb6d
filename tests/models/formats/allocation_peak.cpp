// SPDX-License-Identifier: Apache-2.0
#include "tests/models/formats/allocation_peak.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> held{0};
std::atomic<std::size_t> peak{0};

}  // namespace

void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (!block)
    throw std::bad_alloc();
  const std::size_t now = held += ::malloc_usable_size(block);
  peak = std::max<std::size_t>(peak, now);
  return block;
}

void operator delete(void* block) noexcept {
  held -= ::malloc_usable_size(block);
  std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
  ::operator delete(block);
}

namespace ashlar::test {

AllocationPeak::AllocationPeak() : start_(held) {
  peak = start_;
}

std::size_t AllocationPeak::bytes() const {
  return peak - start_;
}

}  // namespace ashlar::test
