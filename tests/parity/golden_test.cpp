// SPDX-License-Identifier: Apache-2.0
// Whole models against what Hugging Face transformers computes in float32 (tests/data/goldens),
// from quantised checkpoints for the dequantised weights.
#include "models/compile/load_model.h"
#include "models/compile/logits.h"
#include "models/compile/perplexity.h"
#include "models/generate/generator.h"
#include "runtime/program/error.h"
#include "tests/parity/reference.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <fstream>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

using test::kTolerance;
using test::nmse;
using test::Reference;

class GoldenTest : public testing::TestWithParam<std::string> {
protected:
  // The same for all that generate: a driver's compiler takes most of their time.
  static inline const LoadOptions kOnePrefill{
      .dtype = DType::f32, .prefill_sizes = {16}, .ignore_eos = true};
  fs::path folder() const { return fs::path(ASHLAR_TEST_DATA) / "goldens" / GetParam(); }
  Reference reference() const { return Reference(folder() / "expected.safetensors"); }
};

TEST_P(GoldenTest, LogitsAndHiddenStates) {
  const Reference expected = reference();
  for (std::int64_t chunk : {0, 1, 7}) {
    SCOPED_TRACE(fmt::format("chunk {}", chunk));
    const auto tensors =
        compute_logits(folder(), expected.rows("input_ids"),
                       {.dtype = DType::f32, .hidden_states = true, .chunk = chunk});
    ASSERT_GT(tensors.size(), 2u);
    ASSERT_TRUE(expected.has("logits"));
    for (const NamedTensor& tensor : tensors)
      if (expected.has(tensor.name))
        EXPECT_LE(nmse(tensor.values, expected.floats(tensor.name)), kTolerance) << tensor.name;
  }
}

TEST_P(GoldenTest, GreedyIds) {
  const Reference expected = reference();
  const std::vector<std::int32_t> prompt = expected.rows("input_ids")[0],
                                  greedy = expected.rows("greedy_ids")[0];
  const auto tokens = static_cast<std::int64_t>(greedy.size());
  ASSERT_GE(tokens, 16);
  LanguageModel model = load_model(folder(), kOnePrefill);
  for (std::int64_t steps : {1, 4, 16}) {
    SCOPED_TRACE(fmt::format("{} steps per submit", steps));
    model.runtime().rewind(std::vector<std::int64_t>{0});
    Generator generator(model);
    const Generation result =
        generator.run({prompt}, {.max_tokens = tokens, .steps_per_submit = steps}).front();
    EXPECT_EQ(result.ids, greedy);
    EXPECT_EQ(generator.times().decode_submits, (tokens + steps - 1) / steps);
  }
}

TEST_P(GoldenTest, GoesOnAfterARewind) {
  const Reference expected = reference();
  const std::vector<std::int32_t> prompt = expected.rows("input_ids")[0];
  const std::vector<std::int32_t> greedy = expected.rows("greedy_ids")[0];
  const auto tokens = static_cast<std::int64_t>(greedy.size());
  LanguageModel model = load_model(folder(), kOnePrefill);
  Generator generator(model);
  generator.run({prompt}, {.max_tokens = tokens, .steps_per_submit = 4});
  // Back to where 8 tokens were chosen, if the rings remember it, else to the beginning.
  constexpr std::ptrdiff_t kKept = 8;
  const auto position = static_cast<std::int64_t>(prompt.size()) - 1 + kKept;
  const bool remembered = model.runtime().can_rewind(0, position);
  std::vector<std::int32_t> again(greedy.begin(), greedy.begin() + kKept);
  if (remembered)
    again.erase(again.begin(), again.end() - 1);
  else
    again.insert(again.begin(), prompt.begin(), prompt.end());
  model.runtime().rewind(std::vector<std::int64_t>{remembered ? position : 0});
  const Generation result =
      generator.run({again}, {.max_tokens = tokens - kKept, .steps_per_submit = 4}).front();
  EXPECT_EQ(result.ids, std::vector<std::int32_t>(greedy.begin() + kKept, greedy.end()));
}

TEST_P(GoldenTest, BatchRowsOfUnequalLengthAgreeWithRowsAlone) {
  const std::vector<std::int32_t> prompt = reference().rows("input_ids")[0];
  const std::vector<std::int32_t> shorter(prompt.begin(), prompt.begin() + 5);
  const GenerateOptions generate{.max_tokens = 12, .steps_per_submit = 4};
  LoadOptions batched = kOnePrefill;
  batched.batch = 2;
  LanguageModel one = load_model(folder(), kOnePrefill), two = load_model(folder(), batched);
  const auto alone = Generator(one).run({shorter}, generate);
  const auto together = Generator(two).run({prompt, shorter}, generate);
  const std::vector<std::int32_t> greedy = reference().rows("greedy_ids")[0];
  EXPECT_EQ(together[0].ids, std::vector<std::int32_t>(greedy.begin(), greedy.begin() + 12));
  EXPECT_EQ(together[1].ids, alone[0].ids);
}

std::string name_of_golden(const testing::TestParamInfo<std::string>& info) {
  return fs::path(info.param).filename();
}

INSTANTIATE_TEST_SUITE_P(
    Families, GoldenTest,
    testing::Values("families/llama", "families/llama_linear_bias", "families/llama_rope_scaled",
                    "families/qwen2", "families/qwen3", "families/mistral", "families/ministral3",
                    "families/gemma", "families/gemma2", "families/gemma3", "families/gemma4_dense",
                    "families/gemma4_ple", "families/mixtral", "families/qwen2_moe",
                    "families/qwen3_moe", "families/minimax_m2", "families/mamba2",
                    "families/qwen3_5", "families/qwen3_5_moe", "families/qwen3_next",
                    "families/gpt_oss", "families/gemma4_moe"),
    name_of_golden);
INSTANTIATE_TEST_SUITE_P(Quantised, GoldenTest,
                         testing::Values("quantised/q3_llama", "quantised/q4_qwen3",
                                         "quantised/q6_llama", "quantised/q8_llama",
                                         "quantised/mixed_qwen2"),
                         name_of_golden);

class PebbleTest : public testing::Test {
protected:
  static fs::path folder() { return fs::path(ASHLAR_CHECKPOINTS) / "pebble-4m"; }
};

TEST_F(PebbleTest, ReproducesTheReferenceGenerations) {
  std::ifstream file(folder() / "expected_generations.json");
  const nlohmann::json expected = nlohmann::json::parse(file);
  LanguageModel model = load_model(folder(), {.dtype = DType::f32});
  for (const auto& test : expected["cases"]) {
    model.runtime().rewind(std::vector<std::int64_t>{0});
    const auto prompt = test["prompt_ids"].get<std::vector<std::int32_t>>();
    EXPECT_EQ(model.tokenizer().encode(test["prompt"].get<std::string>(), true), prompt);
    const Generation result = Generator(model).run({prompt}, {.max_tokens = 400}).front();
    EXPECT_EQ(result.ids, test["generated_ids"].get<std::vector<std::int32_t>>());
    EXPECT_EQ(result.reason, StopReason::eos);
    EXPECT_EQ(result.text, test["text"].get<std::string>());
  }
}

TEST_F(PebbleTest, LogitsInF32AndLossInBf16) {
  const Reference expected(folder() / "expected_logits.safetensors");
  const auto rows = expected.rows("input_ids");
  const auto exact = compute_logits(folder(), rows, {.dtype = DType::f32});
  const auto vocabulary = static_cast<std::size_t>(exact[0].shape.dim(2));
  const std::size_t length = rows[0].size();
  std::vector<float> sampled;
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (std::size_t t = 0; t < length; t += 32)
      sampled.insert(sampled.end(),
                     exact[0].values.begin() +
                         static_cast<std::ptrdiff_t>((row * length + t) * vocabulary),
                     exact[0].values.begin() +
                         static_cast<std::ptrdiff_t>((row * length + t + 1) * vocabulary));
  // The reference rounded its rope frequencies to bf16 before it computed in f32, which shows from
  // position 32 on; at position 0 nothing rotates.
  const std::vector<float> reference = expected.floats("logits");
  EXPECT_LE(nmse(sampled, reference), 1e-5);
  EXPECT_LE(nmse(std::span(sampled).first(vocabulary),
                 {reference.begin(), reference.begin() + static_cast<std::ptrdiff_t>(vocabulary)}),
            kTolerance);

  const auto rounded = compute_logits(folder(), rows, {.dtype = DType::bf16});
  EXPECT_NEAR(next_token_loss(rounded[0], rows).mean / next_token_loss(exact[0], rows).mean, 1,
              0.01);
}

}  // namespace
}  // namespace ashlar
