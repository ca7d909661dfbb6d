// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/host_memory.h"

#include "runtime/array/closure.h"
#include "runtime/array/context.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <numeric>

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t kFloats = 5000;

// Aligned floats 0, 1, 2, ..., one more than kFloats.
std::shared_ptr<float> counting() {
  auto* floats = static_cast<float*>(std::aligned_alloc(4096, 5 * 4096));
  std::iota(floats, floats + kFloats + 1, 0.0F);
  return {floats, std::free};
}

bool imports() {
  return Context::instance().device().physical().host_import_alignment > 0;
}

TEST(HostMemory, IsReadWhereItLies) {
  const std::shared_ptr<float> floats = counting();
  const Array x = array_over(std::span<const float>(floats.get(), kFloats), {50, 100}, floats);
  EXPECT_EQ(is_in_host_memory(x), imports());
  EXPECT_EQ(x(49, 99).item<float>(), 4999);
  EXPECT_EQ(sum(x * 2 + 1, 1)(0).item<float>(), 2 * 4950 + 100);
  EXPECT_EQ(x.to_vector<float>()[1234], 1234);
  EXPECT_FALSE(is_in_host_memory(x + 1));
}

TEST(HostMemory, MayBeginInsideAPage) {
  const std::shared_ptr<float> floats = counting();
  const auto from = [&](int first) {
    return array_over(std::span<const float>(floats.get() + first, 100), {100}, floats);
  };
  EXPECT_EQ(is_in_host_memory(from(4)), imports());
  EXPECT_FALSE(is_in_host_memory(from(1)));
  for (int first : {4, 1})
    EXPECT_EQ(sum(from(first)).item<float>(), 4950 + 100 * first);
}

TEST(HostMemory, IsHeldAsLongAsItIsUsed) {
  std::shared_ptr<float> floats = counting();
  const std::weak_ptr<float> alive = floats;
  Array y = zeros({kFloats});
  {
    const Array x = array_over(std::span<const float>(floats.get(), kFloats), {kFloats}, floats);
    floats.reset();
    EXPECT_EQ(alive.expired(), !imports());
    y = x + x;
    async_eval(y);
  }
  eval(y);
  Context::instance().device().queue().collect();
  EXPECT_TRUE(alive.expired());
  EXPECT_EQ(y(17).item<float>(), 34);
}

TEST(HostMemory, IsNotWrittenWhereItIsDonated) {
  const std::shared_ptr<float> floats = counting();
  const auto twice = compile([](const Array& x) { return x * 2; }, {.donate = {0}});
  const Array y =
      twice(array_over(std::span<const float>(floats.get(), kFloats), {kFloats}, floats));
  EXPECT_EQ(y(1234).item<float>(), 2468);
  EXPECT_EQ(floats.get()[1234], 1234);
}

TEST(HostMemory, RefusesWrongCounts) {
  const std::shared_ptr<float> floats = counting();
  EXPECT_THAT(([&] { array_over(std::span<const float>(floats.get(), 10), {3, 3}, floats); }),
              ThrowsMessage<InvalidArgument>(HasSubstr("f32[3, 3] does not hold 40 bytes")));
}

}  // namespace
}  // namespace ashlar
