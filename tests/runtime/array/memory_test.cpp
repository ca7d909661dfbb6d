// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/memory.h"

#include "runtime/array/context.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <limits>

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t kFloats = 1 << 16;
constexpr std::uint64_t kBytes = 4 * kFloats;

class ArrayMemoryTest : public ::testing::Test {
protected:
  void SetUp() override {
    if (Context::instance().device().debug().poison)
      GTEST_SKIP() << "ASHLAR_DEBUG=poison keeps no memory";
    memory::clear_cache();
  }
};

Array evaluated(double value) {
  const Array x = full({kFloats}, value) * 1;
  eval(x);
  return x;
}

TEST_F(ArrayMemoryTest, CountsWhatArraysHold) {
  const std::uint64_t before = memory::active();
  {
    const Array x = evaluated(1), y = x;
    EXPECT_EQ(memory::active(), before + kBytes);
    EXPECT_GE(memory::peak(), before + kBytes);
  }
  EXPECT_EQ(memory::active(), before);
  EXPECT_EQ(memory::cached(), kBytes);
  memory::reset_peak();
  EXPECT_EQ(memory::peak(), before);
  memory::clear_cache();
  EXPECT_EQ(memory::cached(), 0);
}

TEST_F(ArrayMemoryTest, SteadyLoopsAllocateNothing) {
  Array x = evaluated(0);
  const auto step = [&] {
    x = x + 1;
    eval(x);
  };
  step();
  step();
  const std::uint64_t allocations = Context::instance().device().memory().stats().allocations;
  for (int i = 0; i < 10; ++i)
    step();
  EXPECT_EQ(Context::instance().device().memory().stats().allocations, allocations);
  EXPECT_EQ(x(kFloats - 1).item<float>(), 12);
}

TEST_F(ArrayMemoryTest, KeepsNoMoreThanItsLimit) {
  memory::set_cache_limit(kBytes + kBytes / 2);
  {
    const Array x = evaluated(1), y = evaluated(2);
  }
  EXPECT_EQ(memory::cached(), kBytes);
  memory::set_cache_limit(0);
  EXPECT_EQ(memory::cached(), 0);
  memory::set_cache_limit(std::uint64_t{1} << 30);
}

TEST_F(ArrayMemoryTest, RefusesMoreThanArraysMayHold) {
  memory::set_limit(memory::active() + kBytes);
  const Array x = evaluated(1);
  EXPECT_THAT([] { evaluated(2); },
              ThrowsMessage<OutOfMemory>(HasSubstr("262144 more do not fit")));
  memory::set_limit(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(evaluated(2)(0).item<float>(), 2);
}

}  // namespace
}  // namespace ashlar
