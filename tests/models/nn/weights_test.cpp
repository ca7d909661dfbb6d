// SPDX-License-Identifier: Apache-2.0
// The matrices of a model, plain and quantised, and what is refused.
#include "models/nn/weights.h"

#include "runtime/program/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ashlar::nn {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Tensors = std::map<std::string, ArrayType, std::less<>>;

Weights weights_of(Tensors tensors, std::optional<QuantizationConfig> quantization = {}) {
  return Weights(
      [tensors = std::move(tensors)](std::string_view name) -> std::optional<ArrayType> {
        const auto found = tensors.find(name);
        return found == tensors.end() ? std::nullopt : std::optional(found->second);
      },
      std::move(quantization));
}

// Module "m", 4 bits in groups of 64, [6, 128].
Tensors packed() {
  return {{"m.weight", {DType::u32, {6, 16}}},
          {"m.scales", {DType::bf16, {6, 2}}},
          {"m.biases", {DType::bf16, {6, 2}}}};
}

QuantizationConfig four_bits() {
  return {AffineEncoding{4, 64}, {}, {}};
}

auto matrix_of(Tensors tensors, std::optional<QuantizationConfig> quantization = four_bits()) {
  return [=] { (weights_of(tensors, quantization) / "m").matrix({6, 128}); };
}

TEST(Matrix, IsWhatIsStored) {
  const Array plain =
      (weights_of({{"m.weight", {DType::bf16, {6, 128}}}}, four_bits()) / "m").matrix({6, 128});
  EXPECT_EQ(plain.type(), (ArrayType{DType::bf16, {6, 128}}));
  const Array quantised = (weights_of(packed(), four_bits()) / "m").matrix({6, 128});
  EXPECT_EQ(quantised.type(), (ArrayType{DType::f32, {6, 128}}));
}

TEST(Matrix, FollowsTheModulesOfTheConfig) {
  QuantizationConfig config = four_bits();
  config.modules["m"] = AffineEncoding{8, 128};
  const Tensors tensors{{"m.weight", {DType::u32, {6, 32}}},
                        {"m.scales", {DType::f16, {6, 1}}},
                        {"m.biases", {DType::f16, {6, 1}}}};
  EXPECT_EQ((weights_of(tensors, config) / "m").matrix({6, 128}).dtype(), DType::f32);
}

TEST(Matrix, RefusesPartsThatDoNotFit) {
  EXPECT_THAT(matrix_of({{"m.weight", {DType::u32, {6, 128}}}}),
              ThrowsMessage<InvalidArgument>(HasSubstr("there are no scales 'm.scales'")));
  EXPECT_THAT(matrix_of(packed(), std::nullopt),
              ThrowsMessage<InvalidArgument>(HasSubstr("does not say how it is quantised")));
  QuantizationConfig without = four_bits();
  without.modules["m"] = std::nullopt;
  EXPECT_THAT(matrix_of(packed(), without),
              ThrowsMessage<InvalidArgument>(HasSubstr("does not say how it is quantised")));
  EXPECT_THAT(matrix_of(packed(), QuantizationConfig{AffineEncoding{8, 64}, {}, {}}),
              ThrowsMessage<InvalidArgument>(HasSubstr(
                  "'m.weight': config.json implies [6, 32], the checkpoint has [6, 16]")));
  Tensors broken = packed();
  broken.erase("m.biases");
  EXPECT_THAT(matrix_of(broken), ThrowsMessage<InvalidArgument>(HasSubstr("no tensor 'm.biases'")));
  broken = packed();
  broken["m.biases"].dtype = DType::f16;
  EXPECT_THAT(matrix_of(broken),
              ThrowsMessage<InvalidArgument>(HasSubstr("scales and biases of one float type")));
  broken = packed();
  broken["m.weight"].dtype = DType::i32;
  EXPECT_THAT(matrix_of(broken), ThrowsMessage<InvalidArgument>(HasSubstr("expected u32 words")));
  EXPECT_THAT([] { (weights_of(packed(), four_bits()) / "m").matrix({6, 96}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("groups of 64 do not divide")));
}

}  // namespace
}  // namespace ashlar::nn
