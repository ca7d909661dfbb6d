// SPDX-License-Identifier: Apache-2.0
// Layers with a memory, by the example of mamba2: it knows its beginning and now, so going back
// elsewhere means starting over, by the caller or by prefilling again.
#include "models/compile/load_model.h"
#include "models/generate/session.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;

const Ids kPrompt{11, 57, 3, 200, 9, 9, 140, 31, 77, 5};

Ids after(Ids ids, const Ids& more) {
  ids.insert(ids.end(), more.begin(), more.end());
  return ids;
}

class RecurrentTest : public testing::Test {
protected:
  // The golden checkpoint, with pebble's tokenizer and template beside it.
  static fs::path folder() {
    const fs::path folder = fs::path(testing::TempDir()) / "recurrent";
    fs::remove_all(folder);
    fs::create_directory(folder);
    for (const char* name : {"config.json", "model.safetensors"})
      fs::create_symlink(fs::path(ASHLAR_TEST_DATA) / "goldens/families/mamba2" / name,
                         folder / name);
    for (const char* name : {"tokenizer.json", "chat_template.jinja"})
      fs::create_symlink(fs::path(ASHLAR_CHECKPOINTS) / "pebble-4m" / name, folder / name);
    return folder;
  }
  static LanguageModel load(std::int64_t batch = 1) {
    return load_model(
        folder(),
        {.dtype = DType::f32, .batch = batch, .prefill_sizes = {4, 16}, .ignore_eos = true});
  }
  // What follows the prompt, from the beginning.
  static Ids greedy(LanguageModel& model, const Ids& prompt, std::int64_t tokens) {
    model.runtime().rewind(std::vector<std::int64_t>{0});
    return Generator(model).run({prompt}, {.max_tokens = tokens}).front().ids;
  }
};

TEST_F(RecurrentTest, GoesBackToTheBeginningOnly) {
  LanguageModel model = load();
  const Ids first = greedy(model, kPrompt, 6);
  DecoderRuntime& runtime = model.runtime();
  const std::int64_t end = runtime.positions()[0];
  EXPECT_TRUE(runtime.can_rewind(0, end));
  EXPECT_FALSE(runtime.can_rewind(0, end - 1));
  EXPECT_FALSE(runtime.can_rewind(0, end + 1));
  EXPECT_TRUE(runtime.can_rewind(0, 0));
  EXPECT_THAT([&] { runtime.rewind(std::vector<std::int64_t>{end - 1}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("cannot go from position")));
  EXPECT_EQ(greedy(model, kPrompt, 6), first);
}

TEST_F(RecurrentTest, TruncatingPrefillsOneRowAgain) {
  LanguageModel one = load(), two = load(2);
  const Ids other{8, 8, 90, 17, 250, 61};
  DecoderRuntime& runtime = two.runtime();
  runtime.prefill(std::vector<Ids>{kPrompt, other});
  runtime.truncate(std::vector<std::int64_t>{4, 6});
  const Ids kept(kPrompt.begin(), kPrompt.begin() + 4);
  EXPECT_EQ(runtime.ids(), (std::vector<Ids>{kept, other}));
  const auto rows = Generator(two).run({{42}, {43}}, {.max_tokens = 6});
  EXPECT_EQ(rows[0].ids, greedy(one, after(kept, {42}), 6));
  EXPECT_EQ(rows[1].ids, greedy(one, after(other, {43}), 6));
}

TEST_F(RecurrentTest, ASessionStartsOverWhereItsIdsDiffer) {
  LanguageModel model = load(), fresh = load();
  Session session(model);
  const GenerateOptions options{.max_tokens = 4};
  const Ids first = session.continue_ids(kPrompt, options).ids;
  // The whole beginning is kept.
  const Ids longer = after(after(kPrompt, first), {7});
  EXPECT_EQ(session.continue_ids(longer, options).ids, greedy(fresh, longer, 4));
  EXPECT_EQ(session.reused_tokens(), static_cast<std::int64_t>(kPrompt.size()) + 3);
  // Half of it would have to be taken back.
  const Ids changed = after(Ids(kPrompt.begin(), kPrompt.begin() + 5), {99, 100});
  EXPECT_EQ(session.continue_ids(changed, options).ids, greedy(fresh, changed, 4));
  EXPECT_EQ(session.reused_tokens(), 0);
}

TEST_F(RecurrentTest, GoesOnBehindAStopStringWithinASubmit) {
  LanguageModel model = load();
  const Ids whole = greedy(model, kPrompt, 24);
  const auto text = [&](std::int32_t id) { return model.tokenizer().decode({id}, true); };
  const auto found = std::find_if(whole.begin(), whole.begin() + 12, [&](std::int32_t id) {
    return text(id).size() == 1 && text(id)[0] > ' ' && text(id)[0] < 127;
  });
  ASSERT_NE(found, whole.begin() + 12) << "no token of the path is a letter";
  model.runtime().rewind(std::vector<std::int64_t>{0});
  const Generation stopped =
      Generator(model)
          .run({kPrompt},
               {.max_tokens = 24, .stop_strings = {text(*found)}, .steps_per_submit = 16})
          .front();
  ASSERT_EQ(stopped.reason, StopReason::stop_string);
  const std::size_t length = stopped.ids.size();
  ASSERT_LT(length, 16u);
  const Ids more = Generator(model).run({{stopped.ids.back()}}, {.max_tokens = 6}).front().ids;
  const auto at = whole.begin() + static_cast<std::ptrdiff_t>(length);
  EXPECT_EQ(more, Ids(at, at + 6));
}

}  // namespace
}  // namespace ashlar
