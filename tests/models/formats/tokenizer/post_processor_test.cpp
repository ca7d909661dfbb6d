// SPDX-License-Identifier: Apache-2.0
// What components.json does not show: templates without a pair, and refusals.
#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

namespace ashlar::test {
namespace {

using testing::HasSubstr;

Json template_of(const Json& single) {
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"special_tokens",
           {{"x", {{"id", "x"}, {"ids", Json::array({300})}, {"tokens", Json::array({"x"})}}}}}};
}

Json sequence(const char* id) {
  return {{"Sequence", {{"id", id}, {"type_id", 0}}}};
}
Json special(const char* id) {
  return {{"SpecialToken", {{"id", id}, {"type_id", 0}}}};
}

Json with(const Json& post_processor) {
  Json description = byte_description();
  description["post_processor"] = post_processor;
  return description;
}

TEST(PostProcessor, TemplateWithoutPair) {
  const Tokenizer tokenizer = load(with(template_of({special("x"), sequence("A")})));
  EXPECT_EQ(shown(tokenizer, "a"), "{300}a|");
  EXPECT_THAT(message_of<Unsupported>([&] { tokenizer.encode_pair("a", "b", true); }),
              HasSubstr("no template for 2 sequences"));
}

TEST(PostProcessor, SequencePassesRunsOn) {
  const Json frame = {{"type", "BertProcessing"}, {"sep", {"s", 301}}, {"cls", {"c", 300}}};
  const Json both = {{"type", "Sequence"}, {"processors", {frame, {{"type", "ByteLevel"}}, frame}}};
  EXPECT_EQ(shown(load(with(both)), "a"), "{300}{300}a|{301}{301}");
  const Json twice = {{"type", "Sequence"},
                      {"processors",
                       {template_of({special("x"), sequence("A"), special("x")}),
                        template_of(Json::array({sequence("A")}))}}};
  EXPECT_THAT(message_of<Unsupported>([&] { load(with(twice)).encode("a", true); }),
              HasSubstr("no template for 3 sequences"));
}

TEST(PostProcessor, RefusesByName) {
  EXPECT_THAT(load_error<Unsupported>(with({{"type", "Other"}})),
              HasSubstr("the post-processor \"Other\" is not supported"));
}

TEST(PostProcessor, RejectsMalformedDescriptions) {
  const auto error = [](const Json& value) { return load_error<FormatError>(with(value)); };
  EXPECT_THAT(error(template_of(Json::array({sequence("B")}))),
              HasSubstr("single[0].Sequence.id: expected"));
  EXPECT_THAT(error(template_of(Json::array({special("y")}))),
              HasSubstr("a name from special_tokens, got \"y\""));
  EXPECT_THAT(error(template_of(Json::array({{{"Other", 1}}}))),
              HasSubstr("\"SpecialToken\" is missing"));
  EXPECT_THAT(error(template_of({sequence("A"), special("x"), sequence("A")})),
              HasSubstr("single[2]: this sequence stands in the template twice"));
  EXPECT_THAT(error(template_of("A")), HasSubstr("single: expected an array"));
  Json bad_ids = template_of(Json::array({special("x")}));
  bad_ids["special_tokens"]["x"]["ids"] = Json::array({-3});
  EXPECT_THAT(error(bad_ids), HasSubstr("special_tokens[\"x\"].ids[0]: expected an integer"));
  EXPECT_THAT(error({{"type", "BertProcessing"}, {"sep", {"s", 1}}}),
              HasSubstr("\"cls\" is missing"));
  EXPECT_THAT(
      error({{"type", "RobertaProcessing"}, {"sep", Json::array({"s"})}, {"cls", {"c", 1}}}),
      HasSubstr("a token and its id"));
}

}  // namespace
}  // namespace ashlar::test
