// SPDX-License-Identifier: Apache-2.0
// Optimisers against PyTorch (tests/data/training/tables.safetensors), and these and schedules
// against numbers worked out from their definitions.
#include "models/optim/optimizers.h"

#include "models/io/array_files.h"
#include "models/optim/gradients.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

namespace ashlar::optim {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::values_of;

// The parameter after steps with these gradients, from 1.
double after(const Optimizer& optimizer, const std::vector<double>& gradients) {
  ArrayMap parameters{{"w", ones({1})}}, state = optimizer.init(parameters);
  for (double gradient : gradients)
    optimizer.step(parameters, state, {{"w", full({1}, gradient)}});
  return values_of(parameters.at("w"))[0];
}

TEST(Sgd, FollowsTheGradient) {
  EXPECT_NEAR(after(Sgd({.learning_rate = 0.1}), {1, 2}), 0.7, 1e-6);
  EXPECT_NEAR(after(Sgd({.learning_rate = 0.1, .weight_decay = 0.5}), {1}), 0.85, 1e-6);
}

TEST(Sgd, HasMomentum) {
  // Momentum 1, then 0.9 + 2 = 2.9.
  EXPECT_NEAR(after(Sgd({.learning_rate = 0.1, .momentum = 0.9}), {1, 2}), 1 - 0.1 - 0.29, 1e-6);
  EXPECT_NEAR(after(Sgd({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}), {1, 2}),
              1 - 0.19 - 0.1 * (2 + 0.9 * 2.9), 1e-6);
  EXPECT_NEAR(after(Sgd({.learning_rate = 0.1, .momentum = 0.9, .dampening = 0.5}), {1, 2}),
              1 - 0.1 - 0.1 * 1.9, 1e-6);
}

TEST(Adam, TakesStepsOfTheRate) {
  EXPECT_NEAR(after(Adam({.learning_rate = 0.1}), {5}), 0.9, 1e-6);
  // m = 0.5 and -0.05 + ... worked out for g = 1, -1: mean (0.09 - 0.1) / 0.19, square 1.
  EXPECT_NEAR(after(Adam({.learning_rate = 0.1}), {1, -1}), 0.9 + 0.1 * 0.01 / 0.19, 1e-6);
}

TEST(Adam, DecaysTheGradientAndAdamWTheParameter) {
  EXPECT_NEAR(after(Adam({.learning_rate = 0.1, .weight_decay = 0.5}), {0}), 0.9, 1e-6);
  EXPECT_NEAR(after(AdamW({.learning_rate = 0.1, .weight_decay = 0.5}), {0}), 0.95, 1e-6);
}

TEST(Lion, FollowsTheSign) {
  EXPECT_NEAR(after(Lion({.learning_rate = 0.1}), {5, 0.001}), 0.8, 1e-6);
  EXPECT_NEAR(after(Lion({.learning_rate = 0.1, .weight_decay = 1}), {-5}), 1.0, 1e-6);
}

struct Rule {
  std::string name;
  std::shared_ptr<Optimizer> optimizer;
};

template <typename O, typename Options> Rule rule(std::string name, const Options& options) {
  return {std::move(name), std::make_shared<O>(options)};
}

class OptimizerTables : public ::testing::TestWithParam<Rule> {};

TEST_P(OptimizerTables, FollowPyTorch) {
  const ArrayMap tables =
      load_safetensors(std::filesystem::path(ASHLAR_TEST_DATA) / "training/tables.safetensors");
  ArrayMap parameters;
  for (const std::string name : {"matrix", "vector"})
    if (tables.contains("optim." + GetParam().name + "." + name))
      parameters.emplace(name, tables.at("optim.start." + name));
  ASSERT_FALSE(parameters.empty());
  ArrayMap state = GetParam().optimizer->init(parameters);
  for (int step = 0; step < 5; ++step) {
    ArrayMap gradients;
    for (const auto& [name, parameter] : parameters)
      gradients.emplace(name, tables.at("optim.gradients." + name)(step));
    GetParam().optimizer->step(parameters, state, gradients);
    for (const auto& [name, parameter] : parameters)
      EXPECT_THAT(
          values_of(parameter),
          ::testing::Pointwise(::testing::DoubleNear(2e-5),
                               values_of(tables.at("optim." + GetParam().name + "." + name)(step))))
          << name << " in step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, OptimizerTables,
    ::testing::Values(
        rule<Sgd>("sgd", SgdOptions{.learning_rate = 0.1, .weight_decay = 0.1}),
        rule<Sgd>("momentum", SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .dampening = 0.2}),
        rule<Sgd>("nesterov", SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}),
        rule<Adam>("adam", AdamOptions{.learning_rate = 0.05, .weight_decay = 0.1}),
        rule<AdamW>("adamw", AdamOptions{.learning_rate = 0.05, .weight_decay = 0.1}),
        rule<RmsProp>("rmsprop", RmsPropOptions{.learning_rate = 0.05}),
        rule<RmsProp>("rmsprop_centered", RmsPropOptions{.learning_rate = 0.05,
                                                         .weight_decay = 0.1,
                                                         .momentum = 0.9,
                                                         .centered = true}),
        rule<Adagrad>("adagrad", AdagradOptions{.learning_rate = 0.05, .weight_decay = 0.1}),
        rule<Adafactor>("adafactor", AdafactorOptions{.learning_rate = 0.5, .weight_decay = 0.1}),
        rule<Muon>("muon", MuonOptions{.learning_rate = 0.05})),
    [](const auto& tested) { return tested.param.name; });

TEST(Muon, TakesMatricesAlone) {
  EXPECT_THAT([] { Muon().init({{"b", zeros({3})}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected matrices, got a parameter [3]")));
}

TEST(Adafactor, KeepsSumsOfRowsAndColumns) {
  const ArrayMap state = Adafactor().init({{"w", zeros({2, 3, 4})}});
  EXPECT_EQ(state.at("row.w").shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(state.at("column.w").shape(), (Shape{2, 1, 4}));
}

TEST(Optimizer, KeepsTypesAndCountsSteps) {
  const Adam adam({});
  ArrayMap parameters{{"w", ones({2}, DType::bf16)}}, state = adam.init(parameters);
  adam.step(parameters, state, {{"w", ones({2}, DType::bf16)}});
  EXPECT_EQ(parameters.at("w").dtype(), DType::bf16);
  EXPECT_EQ(state.at("m.w").dtype(), DType::f32);
  EXPECT_EQ(values_of(state.at("step"))[0], 1);
}

TEST(Optimizer, RefusesMissingGradients) {
  const Adam adam({});
  ArrayMap parameters{{"w", ones({2})}}, state = adam.init(parameters), none;
  EXPECT_THAT([&] { adam.step(parameters, state, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("parameter 'w' [2] has no gradient")));
  EXPECT_THAT([&] { adam.step(parameters, state, {{"w", ones({3})}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("a gradient of [3]")));
  EXPECT_THAT([&] { adam.step(parameters, none, {{"w", ones({2})}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("make it with init")));
}

TEST(Clipping, BoundsTheGlobalNorm) {
  const ArrayMap gradients{{"a", full({1}, 3.0)}, {"b", full({1}, 4.0)}};
  EXPECT_NEAR(values_of(global_norm(gradients))[0], 5, 1e-6);
  EXPECT_NEAR(values_of(clip_by_global_norm(gradients, 1).at("b"))[0], 0.8, 1e-5);
  EXPECT_EQ(values_of(clip_by_global_norm(gradients, 10).at("b"))[0], 4);
}

TEST(Clipping, BoundsEachElement) {
  const ArrayMap clipped = clip_by_value({{"a", array({3.0F, -0.5F, -2.0F})}}, 1);
  EXPECT_THAT(values_of(clipped.at("a")), ::testing::ElementsAre(1, -0.5, -1));
}

TEST(Accumulation, AveragesParts) {
  ArrayMap total;
  for (double gradient : {1.0, 4.0})
    accumulate(total, {{"a", full({1}, gradient, DType::bf16)}}, 0.5);
  EXPECT_EQ(values_of(total.at("a"))[0], 2.5);
  EXPECT_EQ(total.at("a").dtype(), DType::f32);
  EXPECT_THAT([&] { accumulate(total, {{"b", ones({1})}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'b' [1] is not among")));
  EXPECT_THAT([&] { accumulate(total, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected 1 gradients, got 0")));
}

double rate(const Schedule& schedule, int steps) {
  return values_of(schedule(full({}, steps)))[0];
}

TEST(Schedules, FollowTheirCurves) {
  EXPECT_NEAR(rate(0.5, 7), 0.5, 1e-7);
  EXPECT_NEAR(rate(linear_schedule(1, 3, 4), 1), 1.5, 1e-6);
  EXPECT_NEAR(rate(linear_schedule(1, 3, 4), 9), 3, 1e-6);
  EXPECT_NEAR(rate(cosine_decay(1, 10), 5), 0.5, 1e-6);
  EXPECT_NEAR(rate(cosine_decay(1, 10, 0.2), 20), 0.2, 1e-6);
  EXPECT_NEAR(rate(exponential_decay(2, 0.5), 3), 0.25, 1e-6);
  EXPECT_NEAR(rate(step_decay(1, 0.1, 5), 11), 0.01, 1e-7);
  const Schedule warm = join_schedules(linear_schedule(0, 1, 4), cosine_decay(1, 10), 4);
  EXPECT_NEAR(rate(warm, 2), 0.5, 1e-6);
  EXPECT_NEAR(rate(warm, 9), 0.5, 1e-6);
  EXPECT_THAT([] { linear_schedule(0, 1, 0); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected 1 or more")));
}

}  // namespace
}  // namespace ashlar::optim
