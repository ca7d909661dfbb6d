// SPDX-License-Identifier: Apache-2.0
// Two streams beside the default one: on its device, and on a second one if there is one.
#include "runtime/array/stream.h"

#include "runtime/array/closure.h"
#include "runtime/array/context.h"
#include "runtime/array/eval.h"
#include "runtime/array/memory.h"
#include "runtime/array/ops.h"
#include "runtime/array/saved_closure.h"
#include "runtime/program/error.h"
#include "runtime/vulkan/queue.h"

#include <gmock/gmock.h>

#include <array>
#include <thread>

namespace ashlar {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Stream on_second_device() {
  try {
    return Stream("1");
  } catch (const NoDevice&) {
    return Stream();
  }
}

const std::array<Stream, 2>& streams() {
  static const std::array<Stream, 2> both{Stream(), on_second_device()};
  return both;
}

TEST(Streams, AreCurrentInAScope) {
  const Stream first = Stream::current();
  {
    const StreamScope scope(streams()[0]);
    EXPECT_EQ(Stream::current(), streams()[0]);
    {
      const StreamScope inner(streams()[1]);
      EXPECT_EQ(stream_of(full({2}, 1.0) * 2), streams()[1]);
    }
    EXPECT_EQ(Stream::current(), streams()[0]);
    std::thread([&] { EXPECT_EQ(Stream::current(), first); }).join();
  }
  EXPECT_EQ(Stream::current(), first);
  EXPECT_EQ(streams()[0].device().name, first.device().name);
  EXPECT_THROW(Stream("no such device"), NoDevice);
}

TEST(Streams, EachKeepsItsOrder) {
  const State total("streams.total", DType::f32, {3});
  const auto add = compile(+[](const State& sum, std::int64_t n) {
    sum.update(sum.read() * 2 + n);
    return sum.read() + 0;
  });
  // Not one of these waits; each needs what the one before left.
  std::array<float, 2> expected{};
  for (std::int64_t n = 1; n < 20; ++n)
    for (std::size_t i = 0; i < 2; ++i) {
      const StreamScope scope(streams()[i]);
      add(total, n % 3 + static_cast<std::int64_t>(i));
      expected[i] = expected[i] * 2 + static_cast<float>(n % 3 + static_cast<std::int64_t>(i));
    }
  for (std::size_t i = 0; i < 2; ++i) {
    const StreamScope scope(streams()[i]);
    EXPECT_THAT(total.read().to_vector<float>(), Each(expected[i]));
  }
  EXPECT_THAT(total.read().to_vector<float>(), Each(0));
  EXPECT_EQ(add.traces().size(), 6);
  EXPECT_EQ(add.traces()[1].reason, "first call on this stream");
}

TEST(Streams, DoNotWaitForEachOther) {
  if (!Stream::current().device().is_cpu)
    GTEST_SKIP() << "may be done too soon";
  const auto small = [] {
    const StreamScope scope(streams()[0]);
    eval(full({16}, 1.0) * 3);
  };
  Array x = tanh(full({1 << 22}, 0.5) * 1);
  eval(x);
  small();  // compiled
  for (int i = 0; i < 20; ++i) {
    x = tanh(x);
    async_eval(x);
  }
  Queue& queue = Context::instance().device().queue();
  const Ticket last = queue.last_submitted();
  small();
  EXPECT_FALSE(queue.is_done(last));
}

TEST(Streams, DoNotShareArrays) {
  const Array x = full({4}, 1.0) * 3;
  eval(x);
  const StreamScope scope(streams()[0]);
  EXPECT_THAT([&] { eval(x + 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("an array f32[4] that lies on another")));
  const auto twice = compile([](const Array& a) { return a * 2; });
  EXPECT_THAT([&] { twice(x); }, ThrowsMessage<InvalidArgument>(HasSubstr("to_stream")));

  const Array here = to_stream(x, streams()[0]);
  EXPECT_EQ(stream_of(here), streams()[0]);
  EXPECT_EQ(to_stream(here, streams()[0]).node(), here.node());
  EXPECT_THAT(twice(here).to_vector<float>(), Each(6));
  // Reading needs no copy on the stream, and neither does what the host gave.
  EXPECT_THAT(x.to_vector<float>(), Each(3));
  const Array constant = array({1.0F, 2.0F});
  EXPECT_THAT((constant + 1).to_vector<float>(), ElementsAre(2, 3));
  const StreamScope inner(streams()[1]);
  EXPECT_THAT((constant + 1).to_vector<float>(), ElementsAre(2, 3));
}

TEST(Streams, CountTheirOwnMemory) {
  const StreamScope scope(streams()[0]);
  const std::uint64_t before = memory::active();
  const Array x = full({1 << 16}, 1.0) * 2;
  eval(x);
  EXPECT_EQ(memory::active(), before + (std::uint64_t{4} << 16));
  const StreamScope inner(streams()[1]);
  const std::uint64_t other = memory::active();
  const Array copy = to_stream(x, streams()[1]);
  EXPECT_EQ(memory::active(), other + (std::uint64_t{4} << 16));
}

TEST(Streams, SavedClosuresStayOnTheirs) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "streams.ashlar";
  compile([](const Array& a) { return a + 1; }).save(path, zeros({3}));
  const auto load = [&] {
    const StreamScope scope(streams()[0]);
    return SavedClosure(path);
  };
  const SavedClosure loaded = load();
  EXPECT_EQ(stream_of(loaded({ones({3})})[0]), streams()[0]);
}

TEST(Streams, ServeThreadsAtOnce) {
  const Array shared = array({1.0F, 2.0F, 3.0F}), lazy = full({3}, 2.0);
  std::array<std::vector<float>, 2> results;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2; ++i)
    threads.emplace_back([&, i] {
      const StreamScope scope(streams()[i]);
      Array x = shared * 1;
      for (int round = 0; round < 20; ++round) {
        x = x + shared * (lazy * 0.5);
        async_eval(x);
        if (round % 5 == 0)
          x = to_stream(to_stream(x, streams()[1 - i]), streams()[i]);
      }
      results[i] = x.to_vector<float>();
    });
  for (std::thread& thread : threads)
    thread.join();
  for (const std::vector<float>& result : results)
    EXPECT_THAT(result, ElementsAre(21, 42, 63));
}

}  // namespace
}  // namespace ashlar
