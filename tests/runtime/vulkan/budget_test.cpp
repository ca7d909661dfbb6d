// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/budget.h"

#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <array>

namespace ashlar {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

const std::array kDemands = {PlacedDemand{{Residency::weights, 600}, 0},
                             PlacedDemand{{Residency::ring, 300}, 1}};

auto check(std::vector<std::uint64_t> heaps, std::uint64_t limit) {
  return [heaps, limit] { check_demands(kDemands, {heaps, limit}, "gpu"); };
}

TEST(Budget, IsKeptByEachHeap) {
  EXPECT_NO_THROW(check({600, 300}, kNoLimit)());
  EXPECT_THAT(check({599, 300}, kNoLimit),
              ThrowsMessage<OutOfMemory>(HasSubstr("needs 600 bytes (weights 0.0 MiB)")));
  EXPECT_THAT(check({600, 299}, kNoLimit),
              ThrowsMessage<OutOfMemory>(HasSubstr("needs 300 bytes (ring 0.0 MiB)")));
}

TEST(Budget, LimitsTheSumOverAllHeaps) {
  EXPECT_NO_THROW(check({1000, 1000}, 900)());
  EXPECT_THAT(check({1000, 1000}, 899),
              ThrowsMessage<OutOfMemory>(
                  HasSubstr("needs 900 bytes (weights 0.0 MiB, ring 0.0 MiB), but 899 bytes")));
}

}  // namespace
}  // namespace ashlar
