// SPDX-License-Identifier: Apache-2.0
// A program file and a model folder that do not belong together are told apart before a device is
// opened: no device exists in this test.
#include "models/generate/language_model.h"
#include "models/generate/model_files.h"

#include "runtime/program/error.h"
#include "tests/runtime/program/sample_program.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <functional>

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr const char* kNorm = "model.norm.weight";  // bf16 [256] in pebble-4m

class LanguageModelTest : public testing::Test {
protected:
  void SetUp() override { setenv("ASHLAR_DEVICE", "no such device", 1); }

  static std::filesystem::path folder() {
    return std::filesystem::path(ASHLAR_CHECKPOINTS) / "pebble-4m";
  }
  static ModelFiles pebble() { return ModelFiles::open(folder()); }
  static Program matching_program() {
    Program program = sample_decoder();
    program.decoder->config_hash = pebble().config().hash;
    program.weight_groups = {{.weights = {{kNorm, DType::bf16, {256}, 0}}, .bytes = 512}};
    return program;
  }
  static WeightSpec& weight_of(Program& program) { return program.weight_groups[0].weights[0]; }

  template <typename E> static void expect_refused(const Program& program, const char* message) {
    EXPECT_THAT([&] { LanguageModel(folder(), program); }, ThrowsMessage<E>(HasSubstr(message)));
  }
};

TEST_F(LanguageModelTest, AMatchingProgramOnlyLacksADevice) {
  EXPECT_NO_THROW(check_program(pebble(), matching_program()));
  expect_refused<NoDevice>(matching_program(), "no such device");
}

TEST_F(LanguageModelTest, RefusesAMissingWeight) {
  Program program = matching_program();
  weight_of(program).name = "model.norm.bias";
  expect_refused<InvalidArgument>(
      program, "the first is 'model.norm.bias': expected bf16[256], got no such tensor");
}

TEST_F(LanguageModelTest, RefusesAnotherType) {
  Program program = matching_program();
  weight_of(program).dtype = DType::f16;
  expect_refused<InvalidArgument>(program, "expected f16[256], got bf16[256]");
}

TEST_F(LanguageModelTest, RefusesAnotherShape) {
  Program program = matching_program();
  weight_of(program).shape = {16, 16};
  expect_refused<InvalidArgument>(program, "expected bf16[16, 16], got bf16[256]");
}

TEST_F(LanguageModelTest, CountsMismatches) {
  Program program = matching_program();
  program.weight_groups.push_back({.weights = {{"a", DType::f32, {1}, 0}}, .bytes = 4});
  program.weight_groups.push_back({.weights = {{"b", DType::f32, {1}, 0}}, .bytes = 4});
  expect_refused<InvalidArgument>(program, "2 of the program's weights are not in");
}

TEST_F(LanguageModelTest, RefusesAnotherConfig) {
  Program program = matching_program();
  program.decoder->config_hash += 1;
  expect_refused<InvalidArgument>(program, "compiled from another config.json");
}

TEST_F(LanguageModelTest, RefusesWhatCannotGenerate) {
  Program program = matching_program();
  program.entries.pop_back();
  expect_refused<FormatError>(program, "no entry 'decode'");
  program.decoder.reset();
  expect_refused<FormatError>(program, "it is no decoder");
}

}  // namespace
}  // namespace ashlar
