// SPDX-License-Identifier: Apache-2.0
// Losses against numbers of PyTorch.
#include "models/nn/losses.h"

#include "models/io/array_files.h"
#include "runtime/array/ops.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"
#include "tests/support/derivative_check.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <cmath>
#include <tuple>

namespace ashlar::nn {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::values_of;

double value_of(const Array& loss) {
  EXPECT_EQ(loss.type(), (ArrayType{DType::f32, Shape{}}));
  return values_of(loss)[0];
}

const double kNear = std::log(1 + 2 * std::exp(-1));  // -log softmax([1, 0, 0])[0]

TEST(CrossEntropy, CountsTargetsThatAreNotIgnored) {
  const Array logits = array({1.0F, 0.0F, 0.0F, 5.0F, 1.0F, 2.0F, 0.0F, 0.0F, 1.0F}, {3, 3});
  const Array targets = array({0, -100, 1});
  EXPECT_NEAR(value_of(cross_entropy(logits, targets)), kNear + 0.5, 1e-6);
  EXPECT_NEAR(value_of(cross_entropy(logits, targets, {.reduction = Reduction::sum})),
              2 * kNear + 1, 1e-6);
  EXPECT_NEAR(
      value_of(cross_entropy(logits, astype(array({0, 7, 1}), DType::u8), {.ignore_index = 7})),
      kNear + 0.5, 1e-6);
  EXPECT_EQ(value_of(cross_entropy(logits, full({3}, -100))), 0);
}

TEST(CrossEntropy, SmoothsLabels) {
  const Array logits = array({1.0F, 0.0F, 0.0F}, {1, 3});
  EXPECT_NEAR(value_of(cross_entropy(logits, array({0}), {.label_smoothing = 0.3})),
              0.7 * kNear + 0.3 * (kNear + 2.0 / 3), 1e-6);
}

TEST(CrossEntropy, HasTheGradientOfSoftmax) {
  const Array logits = array({1.0F, 0.0F, 0.0F, 3.0F, 4.0F, 5.0F}, {2, 3});
  const auto gradient =
      values_of(grad([](const Array& x) { return cross_entropy(x, array({0, -100})); })(logits));
  const double e = std::exp(1);
  EXPECT_NEAR(gradient[0], e / (e + 2) - 1, 1e-6);
  EXPECT_NEAR(gradient[1], 1 / (e + 2), 1e-6);
  EXPECT_EQ(gradient[3], 0);
}

TEST(CrossEntropy, RefusesOtherShapes) {
  EXPECT_THAT([] { cross_entropy(zeros({2, 3}), array({1, 2, 3})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("logits [2, 3] do not fit targets i32[3]")));
  EXPECT_THAT([] { cross_entropy(zeros({2, 3}), zeros({2})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("targets f32[2]")));
}

TEST(Losses, OfDifferences) {
  const Array x = array({0.0F, 2.0F, -3.0F}), y = array({0.0F, 1.5F, 0.0F});
  EXPECT_NEAR(value_of(mse_loss(x, y)), (0.25 + 9) / 3, 1e-6);
  EXPECT_NEAR(value_of(l1_loss(x, y, {.reduction = Reduction::sum})), 3.5, 1e-6);
  EXPECT_NEAR(value_of(huber_loss(x, y)), (0.125 + 2.5) / 3, 1e-6);
  const Array mask = array<bool>({true, true, false});
  EXPECT_NEAR(value_of(mse_loss(x, y, {.mask = mask})), 0.125, 1e-6);
  EXPECT_THAT([&] { mse_loss(x, zeros({2})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("[3] and targets [2]")));
}

TEST(Losses, OfProbabilities) {
  EXPECT_NEAR(value_of(bce_with_logits(array({0.0F, 50.0F}), array({1.0F, 0.0F}))),
              (std::log(2) + 50) / 2, 1e-5);
  const Array p = array({0.5F, 0.5F, 0.0F}, {1, 3}), q = array({0.25F, 0.25F, 0.5F}, {1, 3});
  EXPECT_NEAR(value_of(kl_divergence(log(q), p)), std::log(2), 1e-6);
}

TEST(Losses, FollowPyTorch) {
  const ArrayMap tables =
      load_safetensors(std::filesystem::path(ASHLAR_TEST_DATA) / "training/tables.safetensors");
  const auto expected = [&](const std::string& name) {
    return values_of(tables.at("loss." + name))[0];
  };
  const Array &x = tables.at("loss.x"), &y = tables.at("loss.y"), &z = tables.at("loss.z");
  const Array log_x = x - logsumexp(x, -1, true);
  EXPECT_NEAR(value_of(hinge_loss(x(Slice(), 0), tables.at("loss.signs"))), expected("hinge"),
              1e-6);
  EXPECT_NEAR(value_of(cosine_loss(x, y)), expected("cosine"), 1e-6);
  EXPECT_NEAR(value_of(triplet_loss(x, y, z)), expected("triplet"), 1e-5);
  EXPECT_NEAR(value_of(huber_loss(x, y, 0.7)), expected("huber"), 1e-6);
  EXPECT_NEAR(value_of(bce_with_logits(x, sigmoid(y))), expected("bce_with_logits"), 1e-6);
  EXPECT_NEAR(value_of(kl_divergence(log_x, softmax(y))), expected("kl_divergence"), 1e-6);
}

TEST(Losses, OfVectorsCountVectors) {
  const Array a = array({1.0F, 0.0F, 0.0F, 2.0F}, {2, 2}),
              b = array({0.0F, 3.0F, 0.0F, 1.0F}, {2, 2});
  EXPECT_NEAR(value_of(cosine_loss(a, b)), 0.5, 1e-6);
  EXPECT_NEAR(value_of(cosine_loss(a, b, 1e-8, {.mask = array<bool>({true, false})})), 1, 1e-6);
  EXPECT_EQ(value_of(triplet_loss(a, a, b, 0)), 0);
  EXPECT_THAT([&] { triplet_loss(a, a, zeros({2, 3})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("[2, 2] and targets [2, 3]")));
}

// Away from the kinks of those that have some.
TEST(Losses, HaveFirstAndSecondDerivatives) {
  using testing::numbers;
  const Array x = numbers({2, 3}), y = numbers({2, 3}, -1, 1, 3), z = numbers({2, 3}, -1, 1, 4),
              share = numbers({2, 3}, 0.1, 0.9, 5), signs = sign(y), classes = array({2, 0});
  const std::vector<std::tuple<std::string, ArrayFunction, Arrays>> losses = {
      {"cross_entropy", [=](const Arrays& a) { return Arrays{cross_entropy(a[0], classes)}; }, {x}},
      {"smoothed_cross_entropy",
       [=](const Arrays& a) {
         return Arrays{cross_entropy(a[0], classes, {.label_smoothing = 0.2})};
       },
       {x}},
      {"mse", [](const Arrays& a) { return Arrays{mse_loss(a[0], a[1])}; }, {x, y}},
      {"l1", [](const Arrays& a) { return Arrays{l1_loss(a[0], a[1])}; }, {x, y}},
      {"huber", [](const Arrays& a) { return Arrays{huber_loss(a[0], a[1], 0.7)}; }, {x, y}},
      {"bce", [](const Arrays& a) { return Arrays{bce_with_logits(a[0], a[1])}; }, {x, share}},
      {"hinge", [=](const Arrays& a) { return Arrays{hinge_loss(a[0], signs)}; }, {x}},
      {"cosine", [](const Arrays& a) { return Arrays{cosine_loss(a[0], a[1])}; }, {x, y}},
      {"triplet",
       [](const Arrays& a) { return Arrays{triplet_loss(a[0], a[1], a[2])}; },
       {x, y, z}},
      {"kl", [](const Arrays& a) { return Arrays{kl_divergence(a[0], a[1])}; }, {x, share}}};
  for (const auto& [name, function, inputs] : losses) {
    testing::check_derivative(function, inputs, name);
    testing::check_second_derivative(function, inputs, name);
  }
}

}  // namespace
}  // namespace ashlar::nn
