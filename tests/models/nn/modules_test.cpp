// SPDX-License-Identifier: Apache-2.0
// Layers against PyTorch (tests/data/training/tables.safetensors): outputs and every gradient.
#include "models/nn/modules.h"

#include "models/io/array_files.h"
#include "models/nn/dropout.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

namespace ashlar::nn {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;
using testing::values_of;

const ArrayMap& tables() {
  static const ArrayMap& map = *new ArrayMap(
      load_safetensors(std::filesystem::path(ASHLAR_TEST_DATA) / "training/tables.safetensors"));
  return map;
}

void expect_table(const Array& actual, const std::string& name, double tolerance = 2e-5) {
  const Array& expected = tables().at(name);
  ASSERT_EQ(actual.shape(), expected.shape()) << name;
  EXPECT_THAT(values_of(actual), Pointwise(DoubleNear(tolerance), values_of(expected))) << name;
}

// The tables whose names start with `prefix`, without it.
ArrayMap below(const std::string& prefix) {
  ArrayMap map;
  for (const auto& [name, array] : tables())
    if (name.starts_with(prefix))
      map.emplace(name.substr(prefix.size()), array);
  return map;
}

void expect_layer(Layer& layer, const std::string& name) {
  const std::string prefix = "layer." + name + ".";
  layer.update(below(prefix + "parameter."));
  const Array &x = tables().at(prefix + "x"), &probe = tables().at(prefix + "probe");
  expect_table(layer(x), prefix + "y");
  const auto [loss, gradients] = value_and_grad(layer, [&] { return sum(layer(x) * probe); });
  ASSERT_EQ(gradients.size(), below(prefix + "parameter.").size());
  for (const auto& [parameter, gradient] : gradients)
    expect_table(gradient, prefix + "gradient." + parameter, 1e-4);
  if (is_float(x.dtype()))
    expect_table(grad([&](const Array& at) { return sum(layer(at) * probe); })(x),
                 prefix + "gradient.x", 1e-4);
}

const Array kKey = random::key(3);

TEST(Layers, Linear) {
  Linear layer(kKey, 5, 3);
  expect_layer(layer, "linear");
}

TEST(Layers, Embedding) {
  Embedding layer(kKey, 6, 3);
  expect_layer(layer, "embedding");
  EXPECT_EQ(values_of(layer.scores(eye(3))), values_of(transpose(layer.weight)));
}

TEST(Layers, Convolutions) {
  Convolution one(kKey, 4, 6, {3}, {.stride = {2}, .padding = {1}, .groups = 2});
  expect_layer(one, "convolution_1d");
  Convolution two(kKey, 2, 3, {3, 2}, {.dilation = {1, 2}});
  expect_layer(two, "convolution_2d");
  Convolution three(kKey, 2, 2, {2, 2, 2});
  expect_layer(three, "convolution_3d");
  EXPECT_THAT([] { Convolution(kKey, 3, 2, {3}, {.groups = 2}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("groups that divide 3 channels")));
}

TEST(Layers, Norms) {
  LayerNorm layer(6);
  expect_layer(layer, "layer_norm");
  RmsNorm rms(6);
  expect_layer(rms, "rms_norm");
  GroupNorm group(3, 6);
  expect_layer(group, "group_norm");
  EXPECT_THAT([] { GroupNorm(4, 6); },
              ThrowsMessage<InvalidArgument>(HasSubstr("4 groups do not divide 6 channels")));
  EXPECT_THAT([&] { layer(zeros({2, 5})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected 6 channels")));
}

TEST(Layers, BatchNormKeepsStatisticsWhileTraining) {
  BatchNorm layer(3);
  layer.update(below("layer.batch_norm.parameter."));
  const Array &x = tables().at("layer.batch_norm.x"),
              &probe = tables().at("layer.batch_norm.probe");
  layer.set_training(true);
  const auto [loss, gradients] = value_and_grad(layer, [&] { return sum(layer(x) * probe); });
  expect_table(gradients.at("weight"), "layer.batch_norm.gradient.weight", 1e-4);
  expect_table(layer.running_mean, "layer.batch_norm.running_mean");
  expect_table(layer.running_variance, "layer.batch_norm.running_variance");
  layer.set_training(false);
  expect_table(layer(x), "layer.batch_norm.evaluated");
  EXPECT_EQ(layer.trainable().size(), 2);
  EXPECT_EQ(layer.arrays().size(), 4);
}

TEST(Layers, Attention) {
  MultiHeadAttention plain(kKey, 8, {.heads = 2});
  expect_layer(plain, "attention");
  MultiHeadAttention grouped(
      kKey, 16, {.heads = 4, .kv_heads = 2, .causal = true, .rope = RopeParameters{.theta = 100}});
  expect_layer(grouped, "grouped_attention");
  // A context of the tokens themselves is attention without a mask.
  const Array& x = tables().at("layer.attention.x");
  expect_table(plain(x, x), "layer.attention.y");
  EXPECT_THAT([] { MultiHeadAttention(kKey, 8, {.heads = 3}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("got 3 and 3")));
}

TEST(Layers, KeepTheTypeOfTheirInput) {
  const Array x = ones({2, 4}, DType::bf16);
  LayerNorm layer(4);
  RmsNorm rms(4);
  GroupNorm group(2, 4);
  BatchNorm batch(4);
  for (Layer* each : {static_cast<Layer*>(&layer), static_cast<Layer*>(&rms),
                      static_cast<Layer*>(&group), static_cast<Layer*>(&batch)})
    EXPECT_EQ((*each)(x).type(), x.type()) << each->name();
}

TEST(Dropout, DropsItsShareAndKeepsTheMean) {
  const Array dropped = dropout(ones({4000}), 0.25, kKey);
  EXPECT_NEAR(values_of(mean(dropped))[0], 1, 0.03);
  EXPECT_NEAR(values_of(mean(dropped == 0))[0], 0.25, 0.02);
  EXPECT_EQ(values_of(dropout(ones({3}), 0, kKey)), values_of(ones({3})));
  EXPECT_THAT([] { dropout(ones({1}), 1, kKey); },
              ThrowsMessage<InvalidArgument>(HasSubstr("rate: expected 0 or more")));
}

}  // namespace
}  // namespace ashlar::nn
