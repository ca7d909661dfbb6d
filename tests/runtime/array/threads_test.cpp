// SPDX-License-Identifier: Apache-2.0
// Arrays from several threads at once: building, evaluating, closures, and arrays that end
// elsewhere.
#include "runtime/array/closure.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace ashlar {
namespace {

constexpr int kThreads = 4, kRounds = 20;

template <typename F> void on_threads(const F& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back(work, i);
  for (std::thread& thread : threads)
    thread.join();
}

TEST(Threads, EvaluateWhatTheyShare) {
  const Array shared = full({64}, 2.0) * 3;
  std::array<float, kThreads> results{};
  on_threads([&](int i) {
    Array x = shared + i;
    for (int round = 0; round < kRounds; ++round) {
      x = x + shared;
      async_eval(x);
    }
    results[static_cast<std::size_t>(i)] = x(0).item<float>();
  });
  for (int i = 0; i < kThreads; ++i)
    EXPECT_EQ(results[static_cast<std::size_t>(i)], 6 + i + 6 * kRounds);
}

TEST(Threads, CallOneClosure) {
  const auto step = compile([](const Array& x, std::int64_t n) { return x * 2 + n; });
  std::array<float, kThreads> results{};
  on_threads([&](int i) {
    Array x = zeros({8});
    for (int round = 0; round < 5; ++round)
      x = step(x, i);
    results[static_cast<std::size_t>(i)] = x(3).item<float>();
  });
  for (int i = 0; i < kThreads; ++i)
    EXPECT_EQ(results[static_cast<std::size_t>(i)], 31 * i);
}

TEST(Threads, MayEndArraysOfOthers) {
  std::vector<Array> arrays;
  for (int i = 0; i < kThreads * kRounds; ++i)
    arrays.push_back(full({256}, i) + 1);
  eval(arrays);
  on_threads([&](int i) {
    for (int round = 0; round < kRounds; ++round) {
      Array mine = arrays[static_cast<std::size_t>(i * kRounds + round)];
      arrays[static_cast<std::size_t>(i * kRounds + round)] = mine + mine;
      EXPECT_EQ(arrays[static_cast<std::size_t>(i * kRounds + round)](7).item<std::int32_t>(),
                2 * (i * kRounds + round + 1));
    }
  });
}

}  // namespace
}  // namespace ashlar
