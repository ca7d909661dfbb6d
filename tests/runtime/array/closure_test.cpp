// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/closure.h"

#include "runtime/array/context.h"
#include "runtime/array/ops.h"
#include "runtime/array/saved_closure.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <algorithm>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

int traced = 0;

Array scale(const Array& x, std::int64_t factor) {
  ++traced;
  return x * factor;
}

TEST(Closure, TracesOncePerSignature) {
  if (Context::instance().device().debug().check_trace)
    GTEST_SKIP() << "ASHLAR_DEBUG=check-trace traces every call";
  traced = 0;
  const auto step = compile(scale);
  EXPECT_THAT(step(array({1.0F, 2.0F}), 3).to_vector<float>(), ElementsAre(3, 6));
  EXPECT_THAT(step(array({5.0F, 7.0F}), 3).to_vector<float>(), ElementsAre(15, 21));
  EXPECT_EQ(traced, 1);
  EXPECT_THAT(step(array({1.0F, 2.0F}), 4).to_vector<float>(), ElementsAre(4, 8));
  EXPECT_THAT(step(array({1, 2}), 3).to_vector<std::int32_t>(), ElementsAre(3, 6));
  EXPECT_EQ(traced, 3);
  std::vector<std::string> reports;
  for (const TraceReport& report : step.traces())
    reports.push_back(report.signature + ": " + report.reason);
  EXPECT_THAT(reports, ElementsAre("f32[2], 3: first call", "f32[2], 4: argument 2 is 4, was 3",
                                   "i32[2], 3: argument 1 is i32[2], was f32[2]"));
}

TEST(Closure, TakesLambdasWithoutCaptures) {
  const auto both =
      compile([](const Array& a, const Array& b) -> std::vector<Array> { return {a + b, a - b}; });
  const std::vector<Array> result = both(array({5}), array({3}));
  EXPECT_EQ(result[0].item<std::int32_t>(), 8);
  EXPECT_EQ(result[1].item<std::int32_t>(), 2);
}

TEST(Closure, EvaluatesLazyArguments) {
  const auto twice = compile([](const Array& x) { return x + x; });
  EXPECT_EQ(sum(twice(exp(zeros({3})) + 1)).item<float>(), 12);
}

class Counter : public Module {
public:
  explicit Counter(std::string name) : count(std::move(name), DType::i32, {1}) {}
  void advance(std::int64_t by) { count.update(count.read() + by); }
  Array value() { return count.read() * 1; }

  State count;
};

TEST(Closure, UpdatesStatesInPlace) {
  Counter counter("closure.count");
  const auto advance = compile(&Counter::advance, counter);
  const auto value = compile(&Counter::value, counter);
  advance(2);
  advance(2);
  advance(5);
  EXPECT_EQ(value().item<std::int32_t>(), 9);
  EXPECT_EQ(counter.count.read().item<std::int32_t>(), 9);
  counter.count.update(array({100}));
  advance(2);
  EXPECT_EQ(value().item<std::int32_t>(), 102);
}

// One kernel reads the old values of all states, row by row, and stores the new ones over them.
TEST(Closure, StatesOfARowReadEachOther) {
  const State best("closure.best", DType::i32, {3}), sum("closure.sum", DType::i32, {3}),
      steps("closure.steps", DType::i32, {1});
  const auto advance =
      compile([](const State& best, const State& sum, const State& steps, const Array& x) {
        const Array old_best = best.read(), old_sum = sum.read(), step = steps.read();
        const Array chosen = argmax(x, -1);
        best.update(where(old_sum < 10, chosen + step, old_best));
        sum.update(old_sum + chosen * old_best + 1);
        steps.update(step + 1);
      });
  const std::vector<std::vector<std::int32_t>> rows = {{0, 9, 1}, {7, 2, 3}, {1, 2, 8}};
  std::vector<std::int32_t> expected_best(3), expected_sum(3);
  for (std::int32_t step = 0; step < 12; ++step) {
    std::vector<float> x;
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::size_t i = 0; i < 3; ++i)
        x.push_back(static_cast<float>(rows[row][(i + static_cast<std::size_t>(step)) % 3]));
      const auto chosen =
          static_cast<std::int32_t>(std::max_element(x.end() - 3, x.end()) - (x.end() - 3));
      const std::int32_t old_best = expected_best[row], old_sum = expected_sum[row];
      expected_best[row] = old_sum < 10 ? chosen + step : old_best;
      expected_sum[row] = old_sum + chosen * old_best + 1;
    }
    advance(best, sum, steps, array(std::span<const float>(x), {3, 3}));
  }
  EXPECT_EQ(best.read().to_vector<std::int32_t>(), expected_best);
  EXPECT_EQ(sum.read().to_vector<std::int32_t>(), expected_sum);
  EXPECT_EQ(steps.read().item<std::int32_t>(), 12);
}

TEST(Closure, SharesGrowableStates) {
  const State log = State::growable("closure.log", DType::f32, {2, 2});
  const auto append = compile([](const State& rows, const Array& at, const Array& row) {
    rows.update(scatter(rows.read(), at, row));
  });
  append(log, array({1}), array({1.0F, 2.0F}, {1, 2}));
  log.reserve(4);
  append(log, array({3}), array({3.0F, 4.0F}, {1, 2}));
  EXPECT_EQ(log.read().shape(), (Shape{4, 2}));
  EXPECT_THAT(log.read().to_vector<float>(), ElementsAre(0, 0, 1, 2, 0, 0, 3, 4));
}

TEST(Closure, RunsInsideOthersAsPartOfThem) {
  const auto outer = compile([](const Array& x) {
    const auto inner = compile([](const Array& y) { return y * 2; });
    return inner(x) + 1;
  });
  EXPECT_EQ(outer(array({3})).item<std::int32_t>(), 7);
}

// Running sums of what it saw, in arrays.
class Tally : public Module {
public:
  Array add(const Array& x) {
    total = total + x;
    return total * scale;
  }
  std::vector<Array*> held_arrays() override { return {&total, &scale}; }

  Array total = zeros({2}), scale = full({}, 10.0);
};

TEST(Closure, SeesAndChangesWhatItsModuleHolds) {
  if (Context::instance().device().debug().check_trace)
    GTEST_SKIP() << "ASHLAR_DEBUG=check-trace traces every call";
  Tally tally;
  const auto add = compile(&Tally::add, tally);
  const Array x = array({1.0F, 2.0F});
  EXPECT_THAT(add(x).to_vector<float>(), ElementsAre(10, 20));
  EXPECT_THAT(add(x).to_vector<float>(), ElementsAre(20, 40));
  EXPECT_THAT(tally.total.to_vector<float>(), ElementsAre(2, 4));
  // No stale constants: what the module holds now counts, and its type is a guard.
  tally.scale = full({}, 100.0);
  EXPECT_THAT(add(x).to_vector<float>(), ElementsAre(300, 600));
  EXPECT_EQ(add.traces().size(), 1);
  tally.scale = array({1.0F, 0.0F});
  EXPECT_THAT(add(x).to_vector<float>(), ElementsAre(4, 0));
  EXPECT_EQ(add.traces().back().reason, "argument 3 is f32[2], was f32[]");
}

TEST(Closure, SharesKernelsWhereSizesVary) {
  const auto step = compile([](const Array& x) { return tanh(x * 2) + 1; }, {.sizes_vary = true});
  for (int n : {3, 5, 64, 1001}) {
    const std::vector<float> y = step(zeros({n})).to_vector<float>();
    EXPECT_EQ(y, std::vector<float>(static_cast<std::size_t>(n), 1));
  }
  EXPECT_EQ(step.traces().size(), 4);
  EXPECT_EQ(step.traces()[1].reason, "argument 1 is f32[5], was f32[3]");
}

class Failing : public Tally {
public:
  Array fail(const Array& x) {
    total = total + x;
    throw InvalidArgument("test", "no");
  }
};

TEST(Closure, LeavesTheModuleAsItWasWhenATraceFails) {
  Failing module;
  const auto fail = compile(&Failing::fail, module);
  EXPECT_THROW(fail(ones({2})), InvalidArgument);
  EXPECT_THAT(module.total.to_vector<float>(), ElementsAre(0, 0));
}

TEST(Closure, RefusesToReadValuesWhileTracing) {
  const auto branch =
      compile([](const Array& x) { return sum(x).item<float>() > 0 ? x : zeros(x.shape()); });
  EXPECT_THAT([&] { branch(ones({2})); }, ThrowsMessage<InvalidArgument>(AllOf(
                                              HasSubstr("no value while its function is traced"),
                                              HasSubstr("`where` instead of a branch"))));
}

class SavedClosureTest : public ::testing::Test {
protected:
  void TearDown() override { std::filesystem::remove(path_); }
  const std::filesystem::path path_ = std::filesystem::path(::testing::TempDir()) /
                                      ("closure_" + std::to_string(::getpid()) + ".ashlar");
};

class Scaler : public Tally {
public:
  std::vector<Array> both(const Array& x, std::int64_t n) { return {x * scale, x + n}; }
};

TEST_F(SavedClosureTest, RunsFromItsFile) {
  Scaler scaler;
  const Array x = array({1.0F, 2.0F});
  const auto both = compile(&Scaler::both, scaler);
  both.save(path_, x, 5);
  scaler.scale = zeros({});  // the file has the contents of then
  const SavedClosure saved(path_);
  const std::vector<Array> results = saved({x * 2});
  EXPECT_THAT(results[0].to_vector<float>(), ElementsAre(20, 40));
  EXPECT_THAT(results[1].to_vector<float>(), ElementsAre(7, 9));
  EXPECT_THAT([&] { saved({array({1, 2})}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("argument 1: expected f32[2], got i32[2]")));
  EXPECT_THAT([&] { saved({}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("takes 1 arrays, got 0")));
}

TEST_F(SavedClosureTest, RefusesFunctionsThatChangeTheirModule) {
  Tally tally;
  const auto add = compile(&Tally::add, tally);
  EXPECT_THAT([&] { add.save(path_, ones({2})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("changes what its module holds")));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

class Drifting : public Module {
public:
  Array add(const Array& x) { return x + ++calls; }
  int calls = 0;
};

TEST(Closure, CheckTraceReportsChanges) {
  if (!Context::instance().device().debug().check_trace)
    GTEST_SKIP() << "needs ASHLAR_DEBUG=check-trace";
  Drifting module;
  const auto add = compile(&Drifting::add, module);
  add(array({1}));
  EXPECT_THAT([&] { add(array({1})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("the function computes something else than "
                                                       "when (i32[1]) was traced")));
}

TEST(Closure, RefusesWrongStates) {
  const State fixed("closure.fixed", DType::f32, {2});
  EXPECT_THAT([&] { fixed.reserve(4); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'closure.fixed' has a fixed size")));
  EXPECT_THAT([&] { fixed.update(zeros({3})); }, ThrowsMessage<InvalidArgument>(HasSubstr(
                                                     "'closure.fixed' holds f32[2], not f32[3]")));
}

template <typename F>
concept Compiles = requires(F f) { +f; };

TEST(Closure, CapturesDoNotCompile) {
  const Array x = zeros({1});
  const auto capturing = [x](const Array& y) { return x + y; };
  static_assert(!Compiles<decltype(capturing)>);
}

}  // namespace
}  // namespace ashlar
