// SPDX-License-Identifier: Apache-2.0
// Whole models from quantised checkpoints of every layout, against the dequantised model in NumPy
// (tests/data/make_quantized_cases.py).
#include "models/compile/logits.h"
#include "models/formats/tensor_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

class QuantizedLayoutTest : public testing::TestWithParam<std::string> {};

// Numbers of 8 bits times a scale of their own are rounded to f16 as they are loaded.
double largest_error(const std::string& layout) {
  return layout == "fp8_tensor" ? 2e-6 : 1e-6;
}

TEST_P(QuantizedLayoutTest, Logits) {
  const fs::path folder = fs::path(ASHLAR_TEST_DATA) / "quantized" / GetParam();
  const auto file = SafetensorsFile::open(folder / "expected.safetensors");
  const auto info = [&](const char* name) -> const TensorInfo& { return *file.find(name); };
  const auto ids = to_integers(info("input_ids"), file.data(info("input_ids")));
  const auto expected = to_floats(info("logits"), file.data(info("logits")));
  // In one matrix product, and token by token.
  for (std::int64_t chunk : {0, 1}) {
    const auto tensors = compute_logits(folder, {std::vector<std::int32_t>(ids.begin(), ids.end())},
                                        {.dtype = DType::f32, .chunk = chunk});
    const auto logits = std::ranges::find(tensors, "logits", &NamedTensor::name);
    ASSERT_NE(logits, tensors.end());
    ASSERT_EQ(logits->values.size(), expected.size());
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      error += std::pow(static_cast<double>(logits->values[i]) - expected[i], 2);
      norm += std::pow(static_cast<double>(expected[i]), 2);
    }
    EXPECT_LE(error / norm, largest_error(GetParam())) << "chunk " << chunk;
  }
}

INSTANTIATE_TEST_SUITE_P(All, QuantizedLayoutTest,
                         testing::Values("gptq", "gptq_v2", "gptq_3bit", "gptq_symmetric", "awq",
                                         "compressed_int4", "compressed_int8", "compressed_bytes",
                                         "compressed_float8", "compressed_nvfp4", "fp8_blocks",
                                         "fp8_tensor", "mlx_mxfp4", "mlx_mxfp8", "mlx_nvfp4"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ashlar
