// SPDX-License-Identifier: Apache-2.0
// Decoder layers compute the same bits whether they are fused or not.
#include "tests/passes/equivalence.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace ashlar {
namespace {

std::string decoder_text(const std::string& arguments) {
  const std::string command =
      "python3 " ASHLAR_TEST_SOURCES "/passes/inputs/decoder.py " + arguments;
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), size);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

struct Case {
  std::string arguments;
  std::string profile;
  bool fusion;
  double tolerance;  // attention in parts and experts that are summed apart round differently
};

class DecoderEquivalence : public testing::TestWithParam<Case> {};

TEST_P(DecoderEquivalence, KernelsComputeWhatTheGraphSays) {
  mlir::MLIRContext context;
  load_dialects(context);
  auto module =
      mlir::parseSourceString<mlir::ModuleOp>(decoder_text(GetParam().arguments), &context);
  ASSERT_TRUE(module);
  PipelineOptions options{.profile = *find_profile_fixture(GetParam().profile)};
  options.fusion = GetParam().fusion;
  const Difference difference = compare_with_plan(*module, options);
  EXPECT_LE(difference.largest, GetParam().tolerance) << difference.where;
}

INSTANTIATE_TEST_SUITE_P(
    Families, DecoderEquivalence,
    testing::Values(Case{"llama", "lavapipe", true, 0}, Case{"llama", "lavapipe", false, 0},
                    Case{"qwen3", "lavapipe", true, 0}, Case{"gemma3", "lavapipe", true, 0},
                    Case{"qwen3 --rows 5 --layers 2", "lavapipe", true, 0},
                    Case{"gemma3 --rows 16 --layers 2", "lavapipe", true, 0},
                    Case{"qwen2_moe --layers 2", "lavapipe", true, 0},
                    Case{"qwen3_moe --rows 3 --layers 1", "lavapipe", true, 0},
                    Case{"qwen3_moe --rows 5 --layers 1", "lavapipe", true, 0.1},
                    Case{"qwen3", "nvidia-h200", true, 0.1},
                    Case{"qwen3_moe --layers 2", "nvidia-h200", true, 0.1},
                    Case{"qwen2_moe --rows 3 --layers 1", "nvidia-h200", true, 0.1}));

}  // namespace
}  // namespace ashlar
