// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/closure.h"
#include "runtime/array/context.h"
#include "runtime/array/eval.h"
#include "runtime/array/memory.h"
#include "runtime/array/ops.h"
#include "runtime/array/saved_closure.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <unistd.h>

namespace ashlar {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t kFloats = 1 << 16;
constexpr std::uint64_t kBytes = 4 * kFloats;

Array evaluated(double value) {
  const Array x = full({kFloats}, value) * 1;
  eval(x);
  return x;
}

auto says(const std::string& what) {
  return ThrowsMessage<InvalidArgument>(HasSubstr(what));
}

// What living arrays hold at most during the call, beyond what they hold before it.
template <typename F> std::uint64_t memory_taken_by(const F& call) {
  const std::uint64_t before = memory::active();
  memory::reset_peak();
  call();
  return memory::peak() - before;
}

const auto add_twice =
    compile([](const Array& w, const Array& x) { return w + x + x; }, {.donate = {0}});

TEST(Donation, AnUpdateStepTakesNoMemory) {
  const auto sgd = [](const Array& w, const Array& g) { return w - g * 0.5; };
  const auto in_place = compile(sgd, {.donate = {0}}), apart = compile(sgd);
  Array w = evaluated(10);
  const Array g = evaluated(2);
  EXPECT_EQ(memory_taken_by([&] {
              for (int step = 0; step < 3; ++step)
                w = in_place(w, g);
            }),
            0);
  EXPECT_THAT(w.to_vector<float>(), Each(7));
  EXPECT_EQ(memory_taken_by([&] { w = apart(w, g); }), kBytes);
  EXPECT_THAT(w.to_vector<float>(), Each(6));
}

// The moment reaches both results: one kernel reads it once and writes over both arguments.
TEST(Donation, AStepWithMomentTakesNoMemory) {
  const auto step = compile(
      [](const Array& w, const Array& m, const Array& g) {
        const Array moment = m * 0.5 + g;
        return std::vector<Array>{w - moment, moment};
      },
      {.donate = {0, 1}});
  std::vector<Array> both = {evaluated(10), evaluated(0)};
  const Array g = evaluated(2);
  EXPECT_EQ(memory_taken_by([&] {
              for (int i = 0; i < 2; ++i)
                both = step(both[0], both[1], g);
            }),
            0);
  EXPECT_THAT(both[0].to_vector<float>(), Each(5));
  EXPECT_THAT(both[1].to_vector<float>(), Each(3));
}

// Results of one kernel that read the argument in other shapes.
TEST(Donation, AllResultsAreReadBeforeOneIsWritten) {
  const auto both = compile(
      [](const Array& x) {
        return std::vector<Array>{x + 1, reshape(x * 3, {-1}), (x - 1).astype(DType::f16)};
      },
      {.donate = {0}});
  for (const Shape& shape : {Shape{4, 8}, Shape{3, 5}, Shape{64, 64}, Shape{2, 2, 6}}) {
    const auto count = [&] { return reshape(arange(shape.element_count()), shape); };
    const std::vector<Array> results = both(count().astype(DType::f32));
    EXPECT_TRUE(all(results[0] == count() + 1).item<bool>());
    EXPECT_TRUE(all(results[1] == reshape(count() * 3, {-1})).item<bool>());
    EXPECT_TRUE(all(results[2] == (count() - 1).astype(DType::f16)).item<bool>());
  }
}

// The same behind a matrix product, whose kernel ends with the update.
TEST(Donation, AProductsKernelUpdatesInPlace) {
  const auto step = compile(
      [](const Array& w, const Array& m, const Array& x, const Array& dy) {
        const Array moment = m * 0.5 + matmul(transpose(x, {1, 0}), dy);
        return std::vector<Array>{w - moment, moment};
      },
      {.donate = {0, 1}});
  std::vector<Array> both = {full({256, 256}, 500.0) * 1, zeros({256, 256}) * 1};
  const Array x = ones({64, 256}) * 1, dy = ones({64, 256}) * 1;
  eval({both[0], both[1], x, dy});
  EXPECT_EQ(memory_taken_by([&] {
              for (int i = 0; i < 2; ++i)
                both = step(both[0], both[1], x, dy);
            }),
            0);
  EXPECT_THAT(both[0].to_vector<float>(), Each(340));
  EXPECT_THAT(both[1].to_vector<float>(), Each(96));
}

TEST(Donation, AModulesMethodReplacesItsArraysInPlace) {
  class Weights : public Module {
  public:
    void step(const Array& g) { w = w - g * 0.5; }
    std::vector<Array*> held_arrays() override { return {&w}; }
    Array w = evaluated(10);
  };
  Weights weights;
  const auto step = compile(&Weights::step, weights);
  const Array g = evaluated(2);
  EXPECT_EQ(memory_taken_by([&] { step(g); }), 0);
  // Somebody else has it now.
  const Array old = weights.w;
  EXPECT_EQ(memory_taken_by([&] { step(g); }), kBytes);
  EXPECT_THAT(weights.w.to_vector<float>(), Each(8));
  EXPECT_THAT(old.to_vector<float>(), Each(9));
  EXPECT_EQ(memory_taken_by([&] { step(g); }), 0);
}

TEST(Donation, ADonatedArrayIsGone) {
  const Array w = evaluated(1), x = evaluated(2), copy = w;
  const Array computed = w * 3, pending = w * 4;
  eval(computed);
  EXPECT_THAT(add_twice(w, x).to_vector<float>(), Each(5));
  const auto gone = says("was donated as argument 1 of the closure compiled at ");
  EXPECT_THAT([&] { w.to_bytes(); }, gone);
  EXPECT_THAT([&] { copy.to_bytes(); }, gone);
  EXPECT_THAT([&] { eval(w); }, says("donation_test.cpp"));
  EXPECT_THAT([&] { pending.to_bytes(); }, gone);
  EXPECT_THAT([&] { add_twice(w, x); }, gone);
  EXPECT_THAT([&] { add_twice(x, w); }, gone);
  EXPECT_THAT([&] { State("donation.gone", DType::f32, {kFloats}).update(w); }, gone);
  // What was computed from it before has memory of its own.
  EXPECT_THAT(computed.to_vector<float>(), Each(3));
  EXPECT_THAT(x.to_vector<float>(), Each(2));
}

TEST(Donation, TakesLazyArraysAndConstants) {
  const Array x = array({1.0F, 2.0F}), constant = array({10.0F, 20.0F}), lazy = constant + 1;
  EXPECT_THAT(add_twice(lazy, x).to_vector<float>(), ElementsAre(13, 25));
  EXPECT_THAT(add_twice(constant, x).to_vector<float>(), ElementsAre(12, 24));
  EXPECT_THAT([&] { constant.to_bytes(); }, says("was donated"));
  EXPECT_THAT([&] { lazy.to_bytes(); }, says("was donated"));
  // Nor is it a constant of later programs.
  static const Array* captured;
  captured = &constant;
  EXPECT_THAT([&] { compile([](const Array& y) { return y + *captured; })(x); },
              says("was donated"));
}

TEST(Donation, AnArrayThatIsAlsoAnotherArgumentKeepsItsMemoryToTheEnd) {
  const auto mixed =
      compile([](const Array& w, const Array& x) { return std::vector<Array>{w * 2, flip(x, 0)}; },
              {.donate = {0}});
  const Array x = arange(4).astype(DType::f32);
  for (int call = 0; call < 2; ++call) {
    const Array w = x * 1;
    const std::vector<Array> results = mixed(w, call == 0 ? w : x);
    EXPECT_THAT(results[0].to_vector<float>(), ElementsAre(0, 2, 4, 6));
    EXPECT_THAT(results[1].to_vector<float>(), ElementsAre(3, 2, 1, 0));
    EXPECT_THAT([&] { w.to_bytes(); }, says("was donated"));
  }
}

TEST(Donation, TwoDonatedArgumentsMayBeOneArray) {
  const auto both =
      compile([](const Array& a, const Array& b) { return std::vector<Array>{a + 1, b + 2}; },
              {.donate = {0, 1}});
  const Array x = evaluated(1);
  const std::vector<Array> results = both(x, x);
  EXPECT_THAT(results[0].to_vector<float>(), Each(2));
  EXPECT_THAT(results[1].to_vector<float>(), Each(3));
}

TEST(Donation, ReadersOfTheOldElementsSeeThem) {
  // Returned as it is; read at other places; reduced beside the update.
  const auto returned =
      compile([](const Array& w) { return std::vector<Array>{w, w + 1}; }, {.donate = {0}});
  const auto moved = compile([](const Array& w) { return flip(w, 0) + w; }, {.donate = {0}});
  const auto reduced =
      compile([](const Array& w) { return std::vector<Array>{w * 2, sum(w), cumsum(w, 0)}; },
              {.donate = {0}});
  const auto count = [] { return arange(1000).astype(DType::f32); };
  const std::vector<float> old = count().to_vector<float>();
  for (int step = 0; step < 2; ++step) {
    EXPECT_EQ(returned(count())[0].to_vector<float>(), old);
    EXPECT_EQ(returned(count())[1].to_vector<float>(), (count() + 1).to_vector<float>());
    EXPECT_THAT(moved(count()).to_vector<float>(), Each(999));
    const std::vector<Array> results = reduced(count());
    EXPECT_EQ(results[0].to_vector<float>(), (count() * 2).to_vector<float>());
    EXPECT_EQ(results[1].item<float>(), 499500);
    EXPECT_EQ(results[2](999).item<float>(), 499500);
  }
}

TEST(Donation, ResultsOfOtherTypesTakeNothing) {
  const auto halves = compile([](const Array& w) { return w.astype(DType::f16); }, {.donate = {0}});
  EXPECT_EQ(halves(evaluated(1)).dtype(), DType::f16);
  const auto words = compile([](const Array& w) { return w.astype(DType::i32); }, {.donate = {0}});
  EXPECT_EQ(words(evaluated(3))(1).item<std::int32_t>(), 3);
}

TEST(Donation, WorksWithNamedSizes) {
  const auto step = compile([](const Array& w, const Array& g) { return w - g * mean(w); },
                            {.sizes = {{"n"}, {"n"}}, .donate = {0}});
  for (int n : {5, 7, 8}) {
    Array w = ones({n}) * 2;
    const Array g = ones({n});
    for (float expected : {0.0F, 0.0F})
      EXPECT_THAT((w = step(w, g)).to_vector<float>(), Each(expected));
    EXPECT_EQ(w.size(), n);
    const Array given = w;
    step(given, g);
    EXPECT_THAT([&] { given.to_bytes(); }, says("was donated"));
  }
}

TEST(Donation, IsPartOfASavedClosure) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) /
                                     ("donation_" + std::to_string(::getpid()) + ".ashlar");
  const Array w = evaluated(1), x = evaluated(2);
  add_twice.save(path, w, x);
  EXPECT_THAT(w.to_vector<float>(), Each(1));
  const SavedClosure saved(path);
  EXPECT_EQ(memory_taken_by([&] { saved({w, x}); }), 0);
  EXPECT_THAT([&] { w.to_bytes(); },
              says("was donated as argument 1 of the saved closure '" + path.string()));
  std::filesystem::remove(path);
}

TEST(Donation, InsideATraceOrATransformNothingIsDonated) {
  const auto outer = compile([](const Array& w, const Array& x) { return add_twice(w, x) + w; });
  const Array w = evaluated(1), x = evaluated(2);
  EXPECT_THAT(outer(w, x).to_vector<float>(), Each(6));
  EXPECT_THAT(w.to_vector<float>(), Each(1));
  EXPECT_THAT(grad([&](const Array& v) { return sum(add_twice(v, x)); })(w).to_vector<float>(),
              Each(1));
  EXPECT_THAT(w.to_vector<float>(), Each(1));
}

TEST(Donation, OnlyArraysAreDonated) {
  const State state("donation.state", DType::f32, {2});
  const auto read =
      compile([](const State& s, const Array& x) { return s.read() + x; }, {.donate = {0}});
  EXPECT_THAT([&] { read(state, ones({2})); }, says("argument 1 is to be donated and is no array"));
  const auto missing = compile([](const Array& x) { return x + 1; }, {.donate = {1}});
  EXPECT_THAT([&] { missing(ones({2})); }, says("argument 2 is to be donated and is no array"));
}

}  // namespace
}  // namespace ashlar
