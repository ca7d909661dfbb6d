// SPDX-License-Identifier: Apache-2.0
#include "models/formats/rope_config.h"

#include "models/formats/json_file.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

namespace ashlar {
namespace {

using test::message_of;
using testing::HasSubstr;

RopeParameters parse(std::string_view text, const RopeContext& context) {
  const auto json = parse_json(text, "f");
  return parse_rope_parameters(JsonFields(json, "f: rope_parameters"), context);
}

RopeParameters parse(std::string_view text, std::int64_t head_dim = 128) {
  return parse(text, RopeContext{.head_dim = head_dim, .max_positions = 4096});
}

// Published values carry seven digits.
void expect_frequencies(const RopeParameters& rope, std::int64_t head_dim,
                        const std::map<std::size_t, double>& golden) {
  const auto frequencies = rope_inverse_frequencies(rope, head_dim);
  ASSERT_EQ(frequencies.size(), static_cast<std::size_t>(head_dim / 2));
  for (const auto& [i, value] : golden)
    EXPECT_NEAR(frequencies[i], value, 1e-6 * value) << i;
}

TEST(Rope, Llama31) {
  expect_frequencies(
      parse(R"({"rope_type":"llama3","rope_theta":5e5,"factor":8,"low_freq_factor":1,)"
            R"("high_freq_factor":4,"original_max_position_embeddings":8192})"),
      128,
      {{0, 1.0},
       {1, .8146172},
       {16, 3.760603e-2},
       {28, 3.211446e-3},
       {29, 2.166571e-3},
       {30, 1.371894e-3},
       {32, 5.248462e-4},
       {35, 9.556212e-5},
       {36, 7.784655e-5},
       {63, 3.068926e-7}});
}

TEST(Rope, LongropeDividesEachFrequency) {
  const RopeParameters rope =
      parse(R"({"rope_type":"longrope","rope_theta":100,"short_factor":[1,4],)"
            R"("long_factor":[1,4],"attention_factor":1.5})",
            4);
  EXPECT_EQ(rope.attention_factor, 1.5);
  EXPECT_EQ(rope_inverse_frequencies(rope, 4), (std::vector<double>{1, 0.025}));
}

TEST(Rope, RefusesOtherLongropes) {
  const auto error = [](std::string_view factors) {
    const std::string text =
        fmt::format(R"({{"rope_type":"longrope","attention_factor":1,{}}})", factors);
    return message_of<FormatError>([&] { parse(text, 4); }) +
           message_of<Unsupported>([&] { parse(text, 4); });
  };
  EXPECT_THAT(error(R"("short_factor":[1,2],"long_factor":[1,3])"), HasSubstr("that differ"));
  EXPECT_THAT(error(R"("short_factor":[1],"long_factor":[1])"), HasSubstr("a list of 2 numbers"));
  EXPECT_THAT(error(R"("short_factor":[1,0],"long_factor":[1,0])"), HasSubstr("above 0"));
  EXPECT_THAT(error(R"("short_factor":[1,1e-300],"long_factor":[1,1e-300])"),
              HasSubstr("at least 1e-30"));
  EXPECT_THAT(error(R"("long_factor":[1,1])"), HasSubstr("short_factor"));
}

TEST(Rope, Llama32) {
  expect_frequencies(
      parse(R"({"rope_type":"llama3","rope_theta":5e5,"factor":32,"low_freq_factor":1,)"
            R"("high_freq_factor":4,"original_max_position_embeddings":8192})",
            64),
      64,
      {{14, 3.211446e-3},
       {15, 1.290548e-3},
       {16, 4.295568e-4},
       {17, 9.708288e-5},
       {18, 1.946164e-5},
       {31, 9.418307e-8}});
}

TEST(Rope, YarnWithoutTruncation) {
  const auto rope = parse(R"({"rope_type":"yarn","rope_theta":150000,"factor":32,"beta_fast":32,)"
                          R"("beta_slow":1,"truncate":false,)"
                          R"("original_max_position_embeddings":4096})",
                          64);
  expect_frequencies(rope, 64,
                     {{8, 5.081327e-2},
                      {9, 3.170570e-2},
                      {12, 6.794959e-3},
                      {16, 4.564839e-4},
                      {17, 1.293187e-4},
                      {18, 3.830881e-5},
                      {31, 3.023511e-7}});
  EXPECT_NEAR(rope.attention_factor, 1.3465736, 1e-7);
}

TEST(Rope, YarnWithMagnitudeScales) {
  const auto rope = parse(R"({"rope_type":"yarn","rope_theta":1e6,"factor":16,"mscale":1,)"
                          R"("mscale_all_dim":1,"original_max_position_embeddings":16384})");
  expect_frequencies(rope, 128,
                     {{20, 1.333521e-2},
                      {21, 1.015346e-2},
                      {30, 6.907023e-4},
                      {36, 4.961135e-5},
                      {37, 2.123880e-5},
                      {63, 7.755861e-8}});
  EXPECT_EQ(rope.attention_factor, 1.0);
}

TEST(Rope, YarnAttentionFactorIsTakenFirst) {
  EXPECT_EQ(parse(R"({"type":"yarn","factor":4,"attention_factor":1.25,"mscale":2,)"
                  R"("mscale_all_dim":1})")
                .attention_factor,
            1.25);
  EXPECT_DOUBLE_EQ(
      parse(R"({"type":"yarn","factor":4,"mscale":2,"mscale_all_dim":1})").attention_factor,
      (0.2 * std::log(4.0) + 1) / (0.1 * std::log(4.0) + 1));
  EXPECT_DOUBLE_EQ(parse(R"({"type":"yarn","factor":4,"mscale":2})").attention_factor,
                   0.1 * std::log(4.0) + 1);
}

TEST(Rope, YarnStaysBetweenPlainAndInterpolated) {
  const auto plain = rope_inverse_frequencies(parse("{}"), 128);
  const auto yarn = rope_inverse_frequencies(parse(R"({"rope_type":"yarn","factor":8})"), 128);
  EXPECT_EQ(yarn.front(), plain.front());
  EXPECT_DOUBLE_EQ(yarn.back(), plain.back() / 8);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_LE(yarn[i], plain[i]);
    EXPECT_GE(yarn[i], plain[i] / 8 * (1 - 1e-12));
    EXPECT_TRUE(i == 0 || yarn[i] < yarn[i - 1]);
  }
  EXPECT_EQ(rope_inverse_frequencies(parse(R"({"rope_type":"yarn","factor":1})"), 128), plain);
}

// With one pair, both ends of the ramp are clamped to it.
TEST(Rope, YarnRampOfNoWidth) {
  const auto one = rope_inverse_frequencies(
      parse(R"({"rope_type":"yarn","factor":8,"original_max_position_embeddings":3})", 4), 4);
  EXPECT_EQ(one[0], 1.0);
  EXPECT_DOUBLE_EQ(one[1], 0.01 / 8);
}

TEST(Rope, ProportionalStopsTrailingPairs) {
  const auto rope =
      parse(R"({"rope_type":"proportional","rope_theta":1e6,"partial_rotary_factor":0.25})", 512);
  expect_frequencies(rope, 512,
                     {{1, .9474635}, {32, .1778279}, {63, 3.337625e-2}, {64, 0}, {255, 0}});
}

TEST(Rope, LinearDividesAndPartialShortens) {
  const auto linear = rope_inverse_frequencies(
      parse(R"({"rope_type":"linear","rope_theta":1e4,"factor":4})", 16), 16);
  for (std::size_t i = 0; i < 8; ++i)
    EXPECT_DOUBLE_EQ(linear[i], std::pow(1e4, -static_cast<double>(i) / 8) / 4);
  const auto partial =
      rope_inverse_frequencies(parse(R"({"partial_rotary_factor":0.25})", 256), 256);
  ASSERT_EQ(partial.size(), 32u);
  EXPECT_DOUBLE_EQ(partial[31], std::pow(1e4, -31.0 / 32));
}

TEST(Rope, ContextFillsInWhatIsAbsent) {
  const RopeContext context{
      .theta = 77, .partial_rotary_factor = 0.5, .head_dim = 64, .max_positions = 4096};
  const auto rope = parse(R"({"type":"yarn","factor":2})", context);
  EXPECT_EQ(rope.theta, 77);
  EXPECT_EQ(rope.partial_rotary_factor, 0.5);
  EXPECT_EQ(rope.original_max_positions, 4096);
  RopeContext stated = context;
  stated.original_max_positions = 1024;
  EXPECT_EQ(parse(R"({"type":"yarn","factor":2,"original_max_position_embeddings":5,)"
                  R"("rope_theta":5})",
                  stated)
                .original_max_positions,
            1024);
  EXPECT_EQ(parse(R"({"type":"linear","rope_type":"default"})").type, RopeType::plain);
}

TEST(Rope, QueryScalingIsForTypesThatKnowIt) {
  RopeContext context{.head_dim = 64, .max_positions = 4096};
  constexpr std::string_view kText =
      R"({"llama_4_scaling_beta":0.1,"original_max_position_embeddings":16})";
  EXPECT_THAT(message_of<Unsupported>([&] { parse(kText, context); }),
              HasSubstr("\"llama_4_scaling_beta\" is not supported"));
  context.query_scaling = true;
  EXPECT_EQ(parse(kText, context).query_scaling_beta, 0.1);
  EXPECT_EQ(parse(kText, context).original_max_positions, 16);
  EXPECT_EQ(parse("{}", context).query_scaling_beta, 0);
}

TEST(Rope, RefusesUnknownTypesAndKeysByName) {
  for (const std::string type : {"dynamic", "su", "mrope", ""})
    EXPECT_THAT(message_of<Unsupported>([&] { parse(R"({"rope_type":")" + type + R"("})"); }),
                HasSubstr("f: rope_parameters: rope type \"" + type + "\" is not supported"));
  EXPECT_THAT(message_of<Unsupported>([] { parse(R"({"stretch_factor":[1,2]})"); }),
              HasSubstr("\"stretch_factor\" is not supported"));
  EXPECT_EQ(parse(R"({"mrope_section":[1,2],"mrope_interleaved":true})"), parse("{}"));
}

TEST(Rope, RefusesUnusableNumbers) {
  const auto error = [](std::string_view text, std::int64_t head_dim = 128) {
    return message_of<FormatError>([&] { parse(text, head_dim); });
  };
  EXPECT_THAT(error(R"({"rope_theta":0})"), HasSubstr("rope_theta: expected a number above 0"));
  EXPECT_THAT(error(R"({"rope_theta":1})"), HasSubstr("rope_theta: expected a number above 1"));
  EXPECT_THAT(error(R"({"rope_type":"linear"})"), HasSubstr("factor: expected a number above 0"));
  EXPECT_THAT(error(R"({"rope_type":"linear","factor":0.5})"), HasSubstr("at least 1, got 0.5"));
  EXPECT_THAT(error(R"({"rope_type":"llama3","factor":8,"low_freq_factor":1})"),
              HasSubstr("high_freq_factor: expected a number above 0, got nothing"));
  EXPECT_THAT(
      error(R"({"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4})"),
      HasSubstr("high_freq_factor: expected more than low_freq_factor 4"));
  EXPECT_THAT(error(R"({"rope_type":"yarn","factor":8,"beta_fast":1,"beta_slow":2})"),
              HasSubstr("beta_fast: expected at least beta_slow 2"));
  EXPECT_THAT(error(R"({"rope_type":"yarn","factor":8,"mscale":-1})"), HasSubstr("mscale"));
  EXPECT_THAT(error(R"({"rope_type":"yarn","factor":8,"original_max_position_embeddings":0})"),
              HasSubstr("original_max_position_embeddings: expected an integer"));
  EXPECT_THAT(error(R"({"partial_rotary_factor":1.5})"), HasSubstr("a number in (0, 1], got 1.5"));
  EXPECT_THAT(error("{}", 5), HasSubstr("even number of rotating dimensions, got 5 of 5"));
  EXPECT_THAT(error(R"({"partial_rotary_factor":1e-300})"), HasSubstr("got 0 of 128"));
  EXPECT_THAT(error(R"({"rope_type":"proportional"})", 5), HasSubstr("got 5 of 5"));
  EXPECT_THAT(error(R"({"rope_type":7})"), HasSubstr("rope_type: expected a string, got 7"));
}

TEST(Rope, FrequenciesRefuseOddHeads) {
  EXPECT_THROW(rope_inverse_frequencies({}, 5), InvalidArgument);
  EXPECT_THROW(rope_inverse_frequencies({}, 0), InvalidArgument);
  EXPECT_THROW(rope_inverse_frequencies({}, -2), InvalidArgument);
}

}  // namespace
}  // namespace ashlar
