// SPDX-License-Identifier: Apache-2.0
// Whether what is about to be allocated fits: into each heap, and under one limit for all of them.
#pragma once

#include "runtime/program/program.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ashlar {

// Bytes that someone is about to allocate in one residency class.
struct Demand {
  Residency residency;
  std::uint64_t bytes;
};

// A demand and the heap that would serve it.
struct PlacedDemand {
  Demand demand;
  std::uint32_t heap;
};

// Bytes that are still free.
struct Budget {
  std::vector<std::uint64_t> heaps;
  std::uint64_t limit;  // for all heaps together
};

std::string_view name_of(Residency residency);

// Throws OutOfMemory, naming what would fit, unless the demands fit together. `device` is for the
// message.
void check_demands(std::span<const PlacedDemand> demands, const Budget& budget,
                   std::string_view device);

}  // namespace ashlar
