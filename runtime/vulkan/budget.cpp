// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/budget.h"

#include "runtime/program/error.h"

#include <array>
#include <limits>
#include <optional>
#include <string>

namespace ashlar {
namespace {

double mebibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

// Of one heap, or of all.
void check_sum(std::span<const PlacedDemand> demands, std::optional<std::uint32_t> only_heap,
               std::uint64_t available, std::string_view device) {
  std::uint64_t needed = 0;
  std::string parts;
  for (const auto& [demand, heap] : demands) {
    if (demand.bytes == 0 || (only_heap && heap != *only_heap))
      continue;
    if (__builtin_add_overflow(needed, demand.bytes, &needed))
      needed = std::numeric_limits<std::uint64_t>::max();
    parts += fmt::format("{}{} {:.1f} MiB", parts.empty() ? "" : ", ", name_of(demand.residency),
                         mebibytes(demand.bytes));
  }
  if (needed > available)
    throw OutOfMemory("memory",
                      "needs {} bytes ({}), but {} bytes ({:.1f} MiB) would fit on '{}': use "
                      "smaller weights, a shorter context, or another device",
                      needed, parts, available, mebibytes(available), device);
}

}  // namespace

std::string_view name_of(Residency residency) {
  constexpr std::array<std::string_view, 6> kNames = {"weights", "state", "step",
                                                      "ring",    "arena", "staging"};
  return kNames[static_cast<std::size_t>(residency)];
}

void check_demands(std::span<const PlacedDemand> demands, const Budget& budget,
                   std::string_view device) {
  for (std::uint32_t heap = 0; heap < budget.heaps.size(); ++heap)
    check_sum(demands, heap, budget.heaps[heap], device);
  check_sum(demands, std::nullopt, budget.limit, device);
}

}  // namespace ashlar
