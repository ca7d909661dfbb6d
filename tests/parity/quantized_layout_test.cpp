// SPDX-License-Identifier: Apache-2.0
// Whole models from quantised checkpoints of every layout, against the dequantised model in NumPy
// (tests/data/make_quantized_cases.py).
#include "models/compile/logits.h"
#include "models/formats/safetensors_writer.h"
#include "models/formats/tensor_values.h"
#include "tests/models/formats/test_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <list>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

// Numbered in reverse, with `g_idx` saying so: the same matrices, of columns in another order.
void reverse_groups(const fs::path& folder) {
  const auto file = SafetensorsFile::open(folder / "model.safetensors");
  std::vector<TensorToWrite> tensors;
  std::list<std::vector<std::byte>> kept;
  const auto add = [&](const std::string& name, StoredType type, const Shape& shape,
                       std::vector<std::byte> bytes) {
    tensors.push_back({name, type, shape, kept.emplace_back(std::move(bytes))});
  };
  for (const TensorInfo& info : file.tensors()) {
    const auto data = file.data(info);
    std::vector<std::byte> bytes(data.begin(), data.end());
    const bool is_by_group = info.name.ends_with(".scales") || info.name.ends_with(".qzeros");
    if (is_by_group) {
      const std::size_t groups = static_cast<std::size_t>(info.shape.dim(0)),
                        row = bytes.size() / groups;
      for (std::size_t group = 0; group < groups; ++group)
        std::ranges::copy(data.subspan(group * row, row),
                          bytes.end() - static_cast<std::ptrdiff_t>((group + 1) * row));
    }
    if (info.name.ends_with(".scales")) {
      const std::string module = info.name.substr(0, info.name.rfind('.'));
      const TensorInfo& words = *file.find(module + ".qweight");
      const std::int64_t columns = words.shape.dim(0) * 8, groups = info.shape.dim(0);
      EXPECT_GT(groups, 1);
      std::vector<std::int32_t> numbers;
      for (std::int64_t k = 0; k < columns; ++k)
        numbers.push_back(static_cast<std::int32_t>(groups - 1 - k * groups / columns));
      const auto stored = std::as_bytes(std::span(numbers));
      add(module + ".g_idx", StoredType::i32, {columns}, {stored.begin(), stored.end()});
    }
    if (!info.name.ends_with(".g_idx"))
      add(info.name, info.type, info.shape, std::move(bytes));
  }
  write_safetensors(folder / "model.safetensors", std::move(tensors));
}

class QuantizedLayoutTest : public testing::TestWithParam<std::string> {};

TEST(QuantizedLayout, GroupsOfColumnsOutOfOrder) {
  const test::TemporaryFolder copy;
  const fs::path golden = fs::path(ASHLAR_TEST_DATA) / "quantized/gptq";
  for (const char* name : {"config.json", "model.safetensors"})
    fs::copy_file(golden / name, copy.path() / name);
  const std::vector<std::vector<std::int32_t>> ids{{3, 1, 4, 1, 5, 9, 2, 6}};
  const LogitsOptions options{.dtype = DType::f32, .chunk = 3};
  const auto expected = compute_logits(copy.path(), ids, options).front().values;
  reverse_groups(copy.path());
  const auto actual = compute_logits(copy.path(), ids, options).front().values;
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], 1e-5) << i;
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
    // No weight is rounded: 2e-8 of theirs would be more.
    EXPECT_LE(error / norm, 1e-9) << "chunk " << chunk;
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
