// SPDX-License-Identifier: Apache-2.0
// Sampled generation on pebble-4m: draws depend on seed, row and position alone.
#include "models/compile/load_model.h"
#include "models/generate/session.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Ids = std::vector<std::int32_t>;

namespace fs = std::filesystem;

const fs::path kPebble = fs::path(ASHLAR_CHECKPOINTS) / "pebble-4m";

class SamplingTest : public testing::Test {
protected:
  static LanguageModel& one_row() {
    static LanguageModel model = load_model(kPebble, {.dtype = DType::f32, .sampling = true});
    return model;
  }
  static LanguageModel& two_rows() {
    static LanguageModel model =
        load_model(kPebble, {.dtype = DType::f32, .batch = 2, .sampling = true});
    return model;
  }

  static Ids encode(const std::string& text) { return one_row().tokenizer().encode(text, true); }

  // From the beginning of the context.
  static std::vector<Generation> run(LanguageModel& model, const std::vector<Ids>& prompts,
                                     const GenerateOptions& options) {
    model.runtime().rewind(std::vector<std::int64_t>(prompts.size(), 0));
    return Generator(model).run(prompts, options);
  }
  static Generation run(const std::string& prompt, const GenerateOptions& options) {
    return run(one_row(), {encode(prompt)}, options).front();
  }
};

constexpr SamplingOptions kWarm{.temperature = 0.9, .top_k = 40, .top_p = 0.95, .seed = 5};

TEST_F(SamplingTest, TheSameIdsForEveryNumberOfStepsPerSubmit) {
  const auto ids = [&](std::int64_t steps, const SamplingOptions& sampling) {
    return run("Once upon a time",
               {.max_tokens = 50, .sampling = {sampling}, .steps_per_submit = steps})
        .ids;
  };
  SamplingOptions penalised = kWarm;
  penalised.repetition_penalty = 1.3;
  for (const SamplingOptions& sampling : {kWarm, penalised}) {
    const Ids expected = ids(1, sampling);
    EXPECT_EQ(ids(4, sampling), expected);
    EXPECT_EQ(ids(16, sampling), expected);
  }
  SamplingOptions other = kWarm;
  other.seed = std::uint64_t{5} << 32;
  EXPECT_NE(ids(16, other), ids(16, kWarm));
}

TEST_F(SamplingTest, GreedyRowsOfASamplingModelAreGreedy) {
  LanguageModel greedy = load_model(kPebble, {.dtype = DType::f32});
  const GenerateOptions options{.max_tokens = 60};
  EXPECT_EQ(run("Tom and Lily", options).ids,
            run(greedy, {encode("Tom and Lily")}, options).front().ids);
}

TEST_F(SamplingTest, GoesOnAsIfNothingHadBeenCutOff) {
  SamplingOptions sampling = kWarm;
  sampling.repetition_penalty = 1.2;
  const std::string prompt = "Once upon a time";
  const Generation whole = run(prompt, {.max_tokens = 60, .sampling = {sampling}});
  // A stop string ends the text in the middle of a submit; the rest was computed in vain.
  const std::string stop = whole.text.substr(whole.text.size() / 2, 6);
  const Generation half = run(
      prompt,
      {.max_tokens = 60, .sampling = {sampling}, .stop_strings = {stop}, .steps_per_submit = 32});
  ASSERT_EQ(half.reason, StopReason::stop_string);
  ASSERT_LT(half.ids.size(), whole.ids.size());
  const auto left = static_cast<std::int64_t>(whole.ids.size() - half.ids.size());
  const Generation rest =
      Generator(one_row())
          .run({{half.ids.back()}}, {.max_tokens = left, .sampling = {sampling}})
          .front();
  Ids joined = half.ids;
  joined.insert(joined.end(), rest.ids.begin(), rest.ids.end());
  EXPECT_EQ(joined, whole.ids);
}

TEST_F(SamplingTest, RowsHaveTheirOwnOptionsAndNumbers) {
  const Ids prompt = encode("Once upon a time");
  const auto ids = [&](const std::vector<SamplingOptions>& sampling) {
    const auto rows = run(two_rows(), {prompt, prompt}, {.max_tokens = 30, .sampling = sampling});
    return std::pair(rows[0].ids, rows[1].ids);
  };
  const auto [greedy, drawn] = ids({{}, kWarm});
  EXPECT_EQ(greedy, run("Once upon a time", {.max_tokens = 30}).ids);
  const auto [first, second] = ids({kWarm});
  EXPECT_EQ(first, run("Once upon a time", {.max_tokens = 30, .sampling = {kWarm}}).ids);
  EXPECT_EQ(second, drawn);
  EXPECT_NE(first, second);
}

// A penalty that forbids repetition: every token once, and none of the prompt.
TEST_F(SamplingTest, ThePenaltyCountsPromptAndText) {
  const Ids prompt = encode("Once upon a time, there was a little girl");
  for (double temperature : {0.0, 0.7}) {
    const SamplingOptions sampling{.temperature = temperature, .repetition_penalty = 1e6};
    Ids seen = run(one_row(), {prompt}, {.max_tokens = 40, .sampling = {sampling}}).front().ids;
    seen.insert(seen.end(), prompt.begin(), prompt.end());
    std::ranges::sort(seen);
    const auto repeated = std::ranges::adjacent_find(seen);
    const bool only_in_prompt = std::ranges::count(prompt, *repeated) > 1;
    EXPECT_TRUE(repeated == seen.end() || only_in_prompt) << "token " << *repeated;
  }
  // Nothing is left of it in the next request.
  EXPECT_EQ(run("Once upon a time", {.max_tokens = 30}).ids,
            run("Once upon a time", {.max_tokens = 30, .sampling = {{.seed = 9}}}).ids);
}

TEST_F(SamplingTest, RefusesOptionsOutOfRange) {
  const auto refuses = [&](const std::vector<SamplingOptions>& sampling, const char* message) {
    EXPECT_THAT([&] { run("a", {.sampling = sampling}); },
                ThrowsMessage<InvalidArgument>(HasSubstr(message)));
    EXPECT_EQ(one_row().runtime().positions()[0], 0);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  refuses({{.temperature = -1}}, "temperature: expected a number of at least 0, got -1");
  refuses({{.temperature = nan}}, "temperature");
  refuses({{.top_k = -1}}, "top-k");
  refuses({{.top_p = 1.5}}, "top-p: expected a number from 0 to 1, got 1.5");
  refuses({{.min_p = nan}}, "min-p");
  refuses({{.repetition_penalty = 0}}, "repetition penalty");
  refuses({{}, {}}, "sampling options: expected one or one per row (1), got 2");
}

TEST_F(SamplingTest, SaysThatAGreedyModelCannotSample) {
  LanguageModel greedy = load_model(kPebble, {.dtype = DType::f32});
  EXPECT_THAT([&] { Generator(greedy).run({{1}}, {.sampling = {kWarm}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("load it with LoadOptions::sampling")));
}

}  // namespace
}  // namespace ashlar
