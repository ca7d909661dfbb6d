// SPDX-License-Identifier: Apache-2.0
// Training against PyTorch and PEFT in float32 (tests/data/goldens/training_llama): loss, every
// gradient, AdamW on all parameters, and AdamW on low-rank adapters.
#include "models/families/decoder.h"
#include "models/formats/model_config.h"
#include "models/io/array_files.h"
#include "models/nn/losses.h"
#include "models/optim/optimizers.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

namespace ashlar {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(ASHLAR_TEST_DATA) / "goldens/training_llama";
constexpr int kSteps = 5;
constexpr double kTolerance = 1e-5;

Array logits_of(const ModelConfig& config, const ArrayMap& parameters, const Array& ids) {
  Decoder decoder(config, nn::Weights(parameters), {}, DType::f32);
  const std::int64_t batch = ids.dim(0);
  const nn::TokenRange range{zeros({batch}, DType::i32), full({batch}, ids.dim(1), DType::i32)};
  return decoder.head(decoder.forward(ids, range));
}

// Relative to the largest number of the tensor.
void expect_close(const Array& actual, const Array& expected, double tolerance,
                  const std::string& what) {
  ASSERT_EQ(actual.shape(), expected.shape()) << what;
  const std::vector<float> a = actual.to_vector<float>(), e = expected.to_vector<float>();
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < e.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(e[i])));
    difference = std::max(difference, std::abs(static_cast<double>(a[i]) - e[i]));
  }
  EXPECT_LE(difference, tolerance * largest) << what;
}

class TrainingTest : public testing::Test {
protected:
  Array ids(int batch) const { return expected_.at("input_ids")(batch); }
  Array labels(int batch) const { return expected_.at("labels")(batch); }
  Array loss(const ArrayMap& parameters, int batch) const {
    return nn::next_token_cross_entropy(logits_of(config_, parameters, ids(batch)), labels(batch));
  }

  const ModelConfig config_ = read_model_config(kFolder);
  const ArrayMap expected_ = load_safetensors(kFolder / "expected.safetensors");
  const ArrayMap parameters_ = load_safetensors(kFolder / "model.safetensors");
};

TEST_F(TrainingTest, FirstLossAndEveryGradient) {
  auto [loss, gradients] = value_and_grad(
      [&](const ArrayMap& parameters) { return this->loss(parameters, 0); }, parameters_);
  eval(all_of(loss, gradients));
  EXPECT_NEAR(loss.item<float>(), expected_.at("first_loss").to_vector<float>()[0], kTolerance);
  for (const auto& [name, gradient] : gradients)
    expect_close(gradient, expected_.at("grad." + name), kTolerance, name);
}

TEST_F(TrainingTest, FiveStepsOfAdamW) {
  const optim::AdamW adamw;
  ArrayMap parameters = parameters_, state = adamw.init(parameters);
  const std::vector<float> losses = expected_.at("full_finetune_losses").to_vector<float>();
  for (int step = 0; step < kSteps; ++step) {
    const auto [loss, gradients] =
        value_and_grad([&](const ArrayMap& p) { return this->loss(p, step); }, parameters);
    adamw.step(parameters, state, gradients);
    eval(all_of(loss, parameters, state));
    EXPECT_NEAR(loss.item<float>() / losses[static_cast<std::size_t>(step)], 1, kTolerance) << step;
  }
  const std::string name = "model.layers.0.self_attn.q_proj.weight";
  expect_close(parameters.at(name), expected_.at("full_finetune." + name), kTolerance, name);
}

// The parameters with scale * B A added where adapters exist.
ArrayMap adapted(ArrayMap parameters, const ArrayMap& adapters, double scale) {
  constexpr std::string_view kPrefix = "base_model.model.", kSuffix = ".lora_A.weight";
  for (const auto& [name, a] : adapters) {
    if (!name.ends_with(kSuffix))
      continue;
    const std::string module =
        name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
    const Array& b = adapters.at(fmt::format("{}{}.lora_B.weight", kPrefix, module));
    Array& weight = parameters.at(module + ".weight");
    weight = weight + matmul(b, a) * scale;
  }
  return parameters;
}

TEST_F(TrainingTest, FiveStepsOnLowRankAdapters) {
  constexpr double kScale = 16.0 / 8.0;
  const optim::AdamW adamw({.learning_rate = 0.005, .weight_decay = 0});
  ArrayMap adapters = load_safetensors(kFolder / "adapter_init/adapter_model.safetensors");
  ArrayMap state = adamw.init(adapters);
  const std::vector<float> losses = expected_.at("lora_losses").to_vector<float>();
  for (int step = 0; step < kSteps; ++step) {
    const auto [loss, gradients] = value_and_grad(
        [&](const ArrayMap& a) { return this->loss(adapted(parameters_, a, kScale), 0); },
        adapters);
    adamw.step(adapters, state, gradients);
    eval(all_of(loss, adapters, state));
    EXPECT_NEAR(loss.item<float>() / losses[static_cast<std::size_t>(step)], 1, kTolerance) << step;
  }
  expect_close(logits_of(config_, adapted(parameters_, adapters, kScale), ids(0)),
               expected_.at("lora_final_logits"), 1e-4, "logits");
}

}  // namespace
}  // namespace ashlar
