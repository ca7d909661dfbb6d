// SPDX-License-Identifier: Apache-2.0
#include "models/formats/generation_config.h"

#include "models/formats/json_file.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ashlar {
namespace {

using test::message_of;
using testing::HasSubstr;
using Ids = std::vector<std::int64_t>;

GenerationConfig parse(std::string_view text) {
  return parse_generation_config(parse_json(text, "f"), "generation_config.json");
}

TEST(GenerationConfig, ReadsWhatIsThere) {
  const GenerationConfig c =
      parse(R"({"eos_token_id":[4,2],"bos_token_id":1,"do_sample":true,"temperature":0.6,)"
            R"("top_k":20,"top_p":0.95,"min_p":0,"repetition_penalty":1.1,"max_new_tokens":7})");
  EXPECT_EQ(c.eos_token_ids, (Ids{4, 2}));
  EXPECT_EQ(c.bos_token_id, 1);
  EXPECT_TRUE(c.do_sample);
  EXPECT_EQ(c.temperature, 0.6);
  EXPECT_EQ(c.top_k, 20);
  EXPECT_EQ(c.top_p, 0.95);
  EXPECT_EQ(c.min_p, 0.0);
  EXPECT_EQ(c.repetition_penalty, 1.1);
  EXPECT_EQ(c.max_new_tokens, 7);
  EXPECT_EQ(parse(R"({"eos_token_id":5})").eos_token_ids, (Ids{5}));
  EXPECT_FALSE(parse("{}").do_sample);
  EXPECT_EQ(parse("{}").temperature, std::nullopt);
}

TEST(GenerationConfig, RefusesUnusableValues) {
  for (const std::string_view text :
       {R"({"temperature":-0.1})", R"({"top_k":-1})", R"({"top_p":1.5})", R"({"min_p":-1})",
        R"({"repetition_penalty":0})", R"({"eos_token_id":"a"})", R"({"eos_token_id":[-1]})",
        R"({"max_new_tokens":0})", R"({"do_sample":"yes"})", R"({"top_k":1.5})", "[]"})
    EXPECT_THAT(message_of<FormatError>([&] { parse(text); }),
                HasSubstr("[config] generation_config.json: "))
        << text;
}

TEST(GenerationConfig, AFolderMayLackIt) {
  const test::TemporaryFolder folder;
  EXPECT_TRUE(read_generation_config(folder.path()).eos_token_ids.empty());
  folder.write("generation_config.json", "{");
  EXPECT_THROW(read_generation_config(folder.path()), FormatError);
}

TEST(GenerationConfig, StopTokensAreTheUnion) {
  const std::string pebble = ASHLAR_CHECKPOINTS "/pebble-4m";
  const ModelConfig model = read_model_config(pebble);
  const GenerationConfig generation = read_generation_config(pebble);
  EXPECT_EQ(stop_tokens(model, generation, std::nullopt), (Ids{1014, 1016}));
  EXPECT_EQ(stop_tokens(model, generation, 1), (Ids{1, 1014, 1016}));
  EXPECT_EQ(stop_tokens(model, {}, 1016), (Ids{1016}));
  EXPECT_TRUE(stop_tokens({}, {}, std::nullopt).empty());
}

}  // namespace
}  // namespace ashlar
