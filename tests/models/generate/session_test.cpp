// SPDX-License-Identifier: Apache-2.0
// Generation and sessions on pebble-4m and a sliding-window model: rewinding, stop strings, bad
// requests, cancellation.
#include "models/compile/load_model.h"
#include "models/generate/session.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <fstream>

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

namespace fs = std::filesystem;

class SessionTest : public testing::Test {
protected:
  static LanguageModel& pebble() {
    static LanguageModel model =
        load_model(fs::path(ASHLAR_CHECKPOINTS) / "pebble-4m", {.dtype = DType::f32});
    return model;
  }
  static void restart(LanguageModel& model) {
    model.runtime().rewind(std::vector<std::int64_t>{0});
  }

  static std::vector<std::int32_t> encode(const std::string& text) {
    return pebble().tokenizer().encode(text, true);
  }
};

TEST_F(SessionTest, KeepsTheCommonBeginningBetweenTurns) {
  Session session(pebble());
  session.add_message("user", "What is 3 plus 4?");
  const Generation first = session.reply({.max_tokens = 60});
  EXPECT_THAT(first.text, HasSubstr("7"));
  session.add_message("user", "What is 2 plus 2?");
  const Generation second = session.reply({.max_tokens = 60});
  EXPECT_THAT(second.text, HasSubstr("4"));
  EXPECT_GT(session.reused_tokens(), 0);

  // A fresh session over the same conversation says the same.
  restart(pebble());
  Session again(pebble());
  again.add_message("user", "What is 3 plus 4?");
  again.add_message("assistant", first.text);
  again.add_message("user", "What is 2 plus 2?");
  EXPECT_EQ(again.reply({.max_tokens = 60}).ids, second.ids);
}

TEST_F(SessionTest, StopStringsEndTheTextBeforeThem) {
  restart(pebble());
  Generator generator(pebble());
  std::string streamed;
  const auto on_text = [&](std::int64_t, std::string_view text) { streamed += text; };
  const Generation result = generator
                                .run({encode("Once upon a time")},
                                     {.max_tokens = 100, .stop_strings = {"lived"}}, on_text)
                                .front();
  EXPECT_EQ(result.reason, StopReason::stop_string);
  EXPECT_THAT(result.text, testing::Not(HasSubstr("lived")));
  EXPECT_EQ(streamed, result.text);
  // The caches end where the match was found: going on gives what an uninterrupted run gives.
  const std::int64_t position = pebble().runtime().positions()[0];
  EXPECT_EQ(position, result.prompt_tokens - 1 + static_cast<std::int64_t>(result.ids.size()));
}

TEST_F(SessionTest, RefusesBadRequestsBeforeRunning) {
  restart(pebble());
  Generator generator(pebble());
  const std::vector<std::int32_t> long_prompt(3000, 5);
  EXPECT_THAT([&] { generator.run({{}}, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("prompt 0 is empty")));
  EXPECT_THAT(
      [&] { generator.run({long_prompt}, {}); },
      ThrowsMessage<InvalidArgument>(HasSubstr("3000 tokens do not fit the context of 2048")));
  EXPECT_THAT([&] { generator.run({{5000}}, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("outside the vocabulary")));
  EXPECT_THAT([&] { generator.run({{1}, {2}}, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected 1 prompts")));
  EXPECT_THAT([&] { generator.run({{1}}, {.stop_strings = {""}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("stop string is empty")));
  EXPECT_EQ(pebble().runtime().positions()[0], 0);
}

TEST_F(SessionTest, CancellingEndsTheReply) {
  restart(pebble());
  Generator generator(pebble());
  std::stop_source stop;
  const auto on_text = [&](std::int64_t, std::string_view) { stop.request_stop(); };
  const Generation result =
      generator
          .run({encode("Once upon a time")}, {.max_tokens = 200, .steps_per_submit = 4}, on_text,
               stop.get_token())
          .front();
  EXPECT_EQ(result.reason, StopReason::cancelled);
  EXPECT_LT(result.ids.size(), 200u);
}

TEST_F(SessionTest, CancellingEndsThePrefill) {
  restart(pebble());
  LanguageModel model = load_model(fs::path(ASHLAR_CHECKPOINTS) / "pebble-4m",
                                   {.dtype = DType::f32, .prefill_sizes = {16}});
  std::stop_source stop;
  stop.request_stop();
  const std::vector<std::int32_t> prompt(100, 7);
  const Generation result = Generator(model).run({prompt}, {}, {}, stop.get_token()).front();
  EXPECT_EQ(result.reason, StopReason::cancelled);
  EXPECT_TRUE(result.ids.empty());
  EXPECT_EQ(model.runtime().positions()[0], 0);
  // The session knows what the caches hold.
  Session session(model);
  EXPECT_EQ(session.continue_ids(prompt, {.max_tokens = 5}).ids,
            Generator(pebble()).run({prompt}, {.max_tokens = 5}).front().ids);
}

// transformers asks whether tools were given, even if the list is empty.
TEST_F(SessionTest, PicksTheTemplateForTools) {
  const fs::path folder = fs::path(testing::TempDir()) / "named_templates";
  fs::remove_all(folder);
  fs::create_directory(folder);
  const fs::path source = fs::path(ASHLAR_CHECKPOINTS) / "pebble-4m";
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"})
    fs::create_symlink(source / name, folder / name);
  std::ofstream(folder / "tokenizer_config.json") << R"({"chat_template": [
    {"name": "default", "template": "{{ messages[0].content }}"},
    {"name": "tool_use", "template": "{{ tools | length }} tools: {{ messages[0].content }}"}]})";
  LanguageModel model = load_model(folder, {.dtype = DType::f32});
  Session session(model);
  session.add_message("user", "Hello.");
  const auto prompt_tokens = [&] { return session.reply({.max_tokens = 1}).prompt_tokens; };
  const auto expected = [&](const std::string& text) {
    return static_cast<std::int64_t>(model.tokenizer().encode(text, false).size());
  };
  EXPECT_EQ(prompt_tokens(), expected("Hello."));
  session.set_tools(nlohmann::ordered_json::array());
  EXPECT_EQ(prompt_tokens(), expected("0 tools: Hello."));
  session.set_tools({{{"name", "clock"}}});
  EXPECT_EQ(prompt_tokens(), expected("1 tools: Hello."));
  session.set_tools(nullptr);
  EXPECT_EQ(prompt_tokens(), expected("Hello."));
}

TEST_F(SessionTest, FillsTheContextAndStops) {
  restart(pebble());
  LanguageModel model =
      load_model(fs::path(ASHLAR_TEST_DATA) / "goldens/families/llama",
                 {.dtype = DType::f32, .prefill_sizes = {16, 64}, .ignore_eos = true});
  const std::vector<std::int32_t> prompt(500, 7);
  const Generation result = Generator(model).run({prompt}, {.max_tokens = 100}).front();
  EXPECT_EQ(result.reason, StopReason::context_full);
  EXPECT_EQ(model.runtime().positions()[0], 512);
  EXPECT_EQ(result.ids.size(), 13u);  // the last one stands behind the full context
}

// Rings forget: a row may go back to 0 always, and otherwise only where the window is still held,
// counted from the furthest position that was ever written.
TEST_F(SessionTest, RewindsRingsOnlyAsFarAsTheyRemember) {
  LanguageModel model = load_model(fs::path(ASHLAR_TEST_DATA) / "goldens/families/mistral",
                                   {.dtype = DType::f32, .prefill_sizes = {4}, .ignore_eos = true});
  DecoderRuntime& runtime = model.runtime();
  const std::int64_t window = model.config().sliding_window, ring = window - 1 + 4;
  const std::vector<std::int32_t> ids(static_cast<std::size_t>(3 * ring), 9);
  runtime.prefill(std::vector<std::vector<std::int32_t>>{ids});
  const std::int64_t end = 3 * ring;
  EXPECT_TRUE(runtime.can_rewind(0, end - 4));
  EXPECT_FALSE(runtime.can_rewind(0, end - 5));
  runtime.rewind(std::vector<std::int64_t>{end - 4});
  EXPECT_FALSE(runtime.can_rewind(0, end - 8));
  EXPECT_TRUE(runtime.can_rewind(0, 0));
  runtime.rewind(std::vector<std::int64_t>{0});
  const auto greedy = [&] {
    return Generator(model).run({{1, 2, 3, 4, 5}}, {.max_tokens = 12}).front().ids;
  };
  const auto after = greedy();
  LanguageModel fresh = load_model(fs::path(ASHLAR_TEST_DATA) / "goldens/families/mistral",
                                   {.dtype = DType::f32, .ignore_eos = true});
  EXPECT_EQ(after, Generator(fresh).run({{1, 2, 3, 4, 5}}, {.max_tokens = 12}).front().ids);
}

}  // namespace
}  // namespace ashlar
