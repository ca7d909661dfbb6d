// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/encode.h"

#include "models/formats/gguf/decode.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace ashlar::gguf {
namespace {

using test::message_of;
using testing::HasSubstr;

std::vector<float> gaussian(std::size_t count, float width = 1) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, width);
  std::vector<float> values(count);
  for (float& value : values)
    value = normal(random);
  return values;
}

std::vector<float> round_trip(BlockType type, const std::vector<float>& values) {
  std::vector<std::byte> bytes(*stored_bytes(type, {std::ssize(values)}));
  encode(type, values, bytes);
  std::vector<float> kept(values.size());
  decode(type, bytes, kept);
  return kept;
}

double relative_error(BlockType type, const std::vector<float>& values) {
  const std::vector<float> kept = round_trip(type, values);
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    error += (kept[i] - values[i]) * (kept[i] - values[i]);
    norm += values[i] * values[i];
  }
  return std::sqrt(error / norm);
}

struct Bound {
  BlockType type;
  double at_least, at_most;
};

// From fine to coarse. The lower bounds would catch a test that measures nothing.
constexpr Bound kBounds[] = {{BlockType::q8_0, 0.003, 0.007}, {BlockType::q6_k, 0.01, 0.025},
                             {BlockType::q5_1, 0.02, 0.045},  {BlockType::q5_0, 0.02, 0.050},
                             {BlockType::q5_k, 0.02, 0.045},  {BlockType::q4_1, 0.05, 0.085},
                             {BlockType::q4_k, 0.05, 0.085},  {BlockType::q4_0, 0.05, 0.095},
                             {BlockType::q3_k, 0.10, 0.17},   {BlockType::q2_k, 0.20, 0.30}};

TEST(Encode, LosesNoMoreThanTheBitsCost) {
  for (const float width : {1.0f, 0.02f, 300.0f}) {
    const std::vector<float> values = gaussian(256 * 64, width);
    for (const Bound& bound : kBounds) {
      const double error = relative_error(bound.type, values);
      EXPECT_GT(error, bound.at_least) << name_of(bound.type) << " " << width;
      EXPECT_LT(error, bound.at_most) << name_of(bound.type) << " " << width;
    }
  }
}

TEST(Encode, ErrorsFallAsBitsRise) {
  const std::vector<float> values = gaussian(256 * 64);
  double last = 0;
  for (const BlockType type :
       {BlockType::f32, BlockType::f16, BlockType::bf16, BlockType::q8_0, BlockType::q6_k,
        BlockType::q5_k, BlockType::q4_k, BlockType::q3_k, BlockType::q2_k}) {
    const double error = relative_error(type, values);
    EXPECT_TRUE(error > last || type == BlockType::f32) << name_of(type);
    last = error;
  }
}

// Every bit of every number has a place: a ramp comes back in order.
TEST(Encode, KeepsTheOrderOfARamp) {
  std::vector<float> ramp(256);
  for (std::size_t i = 0; i < ramp.size(); ++i)
    ramp[i] = static_cast<float>(i) - 100;
  for (const Bound& bound : kBounds) {
    const std::vector<float> kept = round_trip(bound.type, ramp);
    for (std::size_t i = 0; i < ramp.size(); ++i)
      EXPECT_NEAR(kept[i], ramp[i], 30) << name_of(bound.type) << " " << i;
  }
}

TEST(Encode, KeepsZerosAndConstants) {
  for (const Bound& bound : kBounds)
    for (const float constant : {0.0f, 1.0f, -1.0f, 1e-30f}) {
      const std::vector<float> kept = round_trip(bound.type, std::vector<float>(256, constant));
      for (const float value : kept)
        EXPECT_NEAR(value, constant, 0.02) << name_of(bound.type);
    }
}

TEST(Encode, RefusesWhatCannotBeStored) {
  std::vector<std::byte> bytes(34);
  const auto error = [&](BlockType type, float value) {
    return message_of<InvalidArgument>([&] { encode(type, std::vector<float>(32, value), bytes); });
  };
  EXPECT_THAT(error(BlockType::q8_0, std::numeric_limits<float>::quiet_NaN()),
              HasSubstr("not finite"));
  EXPECT_THAT(error(BlockType::q8_0, 1e10f), HasSubstr("too large to be quantised"));
  EXPECT_THAT(error(BlockType::q4_0, 1), HasSubstr("32 numbers do not fill 34 bytes of Q4_0"));
  EXPECT_THAT(message_of<Unsupported>([&] {
                encode(BlockType::iq4_nl, std::vector<float>(32), std::span(bytes).first(18));
              }),
              HasSubstr("cannot be stored as IQ4_NL"));
}

}  // namespace
}  // namespace ashlar::gguf
