// SPDX-License-Identifier: Apache-2.0
// Quantised checkpoints of all layouts as programs read them (tests/data/make_quantized_cases.py),
// and broken ones.
#include "models/formats/loadable_tensors.h"

#include "models/formats/json_file.h"
#include "models/formats/model_config.h"
#include "models/formats/safetensors_writer.h"
#include "models/formats/tensor_values.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using test::TemporaryFolder;
using testing::HasSubstr;

std::vector<std::byte> bytes_of(const LoadableTensor& tensor) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.shape.element_count()) *
                               size_of(tensor.dtype));
  tensor.read(0, bytes);
  return bytes;
}

std::vector<float> floats_of(const LoadableTensor& tensor) {
  const std::vector<std::byte> bytes = bytes_of(tensor);
  return to_floats({"", stored_type_of(tensor.dtype), tensor.shape, 0, bytes.size()}, bytes);
}

std::uint32_t number_at(const std::vector<std::byte>& row_words, std::int64_t row_bytes,
                        std::int64_t row, std::int64_t k, std::int64_t bits) {
  std::uint32_t number = 0;
  for (std::int64_t i = 0; i < bits; ++i) {
    const std::int64_t bit = k * bits + i;
    const auto byte =
        static_cast<unsigned>(row_words[static_cast<std::size_t>(row * row_bytes + bit / 8)]);
    number |= (byte >> (bit % 8) & 1) << i;
  }
  return number;
}

// What the parts of a module mean, row by row.
std::vector<float> dequantized(const LoadableTensors& tensors, const std::string& module) {
  const LoadableTensor weight = *tensors.find(module + ".weight");
  const auto encoding = tensors.quantization()->encoding_of(module);
  if (!encoding) {
    EXPECT_EQ(tensors.find(module + ".scales"), std::nullopt);
    return floats_of(weight);
  }
  const std::vector<std::byte> words = bytes_of(weight);
  const auto* floats = std::get_if<FloatEncoding>(&*encoding);
  const std::vector<float> scales = floats_of(*tensors.find(module + ".scales"));
  std::vector<float> biases;
  if (!floats)
    biases = floats_of(*tensors.find(module + ".biases"));
  const std::int64_t bits = bits_of(*encoding), group = group_size_of(*encoding);
  const std::int64_t row_bytes = weight.shape.dim(-1) * 4, columns = row_bytes * 8 / bits;
  const std::int64_t rows = static_cast<std::int64_t>(words.size()) / row_bytes;
  std::vector<float> values;
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t k = 0; k < columns; ++k) {
      const std::uint32_t q = number_at(words, row_bytes, row, k, bits);
      const auto at = static_cast<std::size_t>((row * columns + k) / group);
      values.push_back(floats
                           ? decode_small_float(*floats, q) * scales[at]
                           : static_cast<float>(static_cast<double>(q) * scales[at] + biases[at]));
    }
  return values;
}

LoadableTensors open(const fs::path& folder, SmallFloats floats = SmallFloats::packed) {
  return LoadableTensors(std::make_shared<const Checkpoint>(Checkpoint::open(folder)),
                         read_model_config(folder).quantization, {}, floats);
}

class LayoutTest : public testing::TestWithParam<std::string> {
protected:
  fs::path folder() const { return fs::path(ASHLAR_TEST_DATA) / "quantized" / GetParam(); }
};

TEST_P(LayoutTest, MeansWhatTheDefinitionSays) {
  const auto file = SafetensorsFile::open(folder() / "expected.safetensors");
  const TensorInfo& info = *file.find("k_proj");
  const std::vector<float> expected = to_floats(info, file.data(info));
  const std::string module = "model.layers.0.self_attn.k_proj";
  for (const SmallFloats floats : {SmallFloats::packed, SmallFloats::unpacked}) {
    const LoadableTensors tensors = open(folder(), floats);
    const std::vector<float> actual = dequantized(tensors, module);
    // Rounded to f16, with its denormals; or biases of f32 scales rounded to f32.
    const bool is_rounded = tensors.find(module + ".weight")->dtype == DType::f16;
    const float relative = is_rounded ? 5e-4f : 1e-7f, absolute = is_rounded ? 3.1e-8f : 1e-8f;
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(actual[i], expected[i], relative * std::abs(expected[i]) + absolute) << i;
  }
}

TEST_P(LayoutTest, CanBeReadInChunks) {
  const LoadableTensors tensors = open(folder());
  for (const std::string part : {"weight", "scales", "biases"}) {
    const auto tensor = tensors.find("model.layers.0.mlp.down_proj." + part);
    if (!tensor)
      continue;
    const std::vector<std::byte> whole = bytes_of(*tensor);
    std::vector<std::byte> joined(whole.size());
    const std::size_t step = 7 * size_of(tensor->dtype);
    for (std::size_t at = 0; at < whole.size(); at += step)
      tensor->read(at, std::span(joined).subspan(at, std::min(step, whole.size() - at)));
    EXPECT_EQ(joined, whole) << part;
  }
}

INSTANTIATE_TEST_SUITE_P(All, LayoutTest,
                         testing::Values("gptq", "gptq_v2", "gptq_3bit", "gptq_symmetric", "awq",
                                         "compressed_int4", "compressed_int8", "compressed_bytes",
                                         "compressed_float8", "compressed_nvfp4", "fp8_blocks",
                                         "fp8_tensor", "mlx_mxfp4", "mlx_mxfp8", "mlx_nvfp4"),
                         [](const auto& info) { return info.param; });

// Zeros that are powers of two need no wider biases, and bf16 holds floats of few bits.
TEST(LoadableTensors, Types) {
  const auto type_in = [](const char* name, const char* part,
                          SmallFloats floats = SmallFloats::packed) {
    return open(fs::path(ASHLAR_TEST_DATA) / "quantized" / name, floats)
        .find(std::string("model.layers.0.mlp.up_proj.") + part)
        ->dtype;
  };
  EXPECT_EQ(type_in("gptq_symmetric", "scales"), DType::f16);
  EXPECT_EQ(type_in("compressed_int8", "biases"), DType::bf16);
  EXPECT_EQ(type_in("gptq", "scales"), DType::f32);
  EXPECT_EQ(type_in("mlx_mxfp4", "weight"), DType::u32);
  EXPECT_EQ(type_in("mlx_mxfp4", "scales"), DType::bf16);
  EXPECT_EQ(type_in("fp8_blocks", "weight"), DType::u32);
  EXPECT_EQ(type_in("mlx_mxfp4", "weight", SmallFloats::unpacked), DType::bf16);
  EXPECT_EQ(type_in("fp8_blocks", "weight", SmallFloats::unpacked), DType::f16);
}

// A checkpoint of one module "m", made of zeros unless said otherwise.
class Module {
public:
  void add(const std::string& name, StoredType type, Shape shape, std::string data = "") {
    data.resize(*stored_bytes(type, shape));
    parts_[name] = {type, std::move(shape), std::move(data)};
  }
  void erase(const std::string& name) { parts_.erase(name); }

  LoadableTensors open(QuantizedLayout layout) const {
    return open(QuantizationConfig{{}, {}, layout}, {});
  }
  LoadableTensors open(const QuantizationConfig& quantization,
                       std::span<const ProjectionPart> parts) const {
    const TemporaryFolder folder;
    std::vector<TensorToWrite> tensors;
    for (const auto& [name, part] : parts_)
      tensors.push_back({name, part.type, part.shape, std::as_bytes(std::span(part.data))});
    write_safetensors(folder.path() / "model.safetensors", tensors);
    return LoadableTensors(std::make_shared<const Checkpoint>(Checkpoint::open(folder.path())),
                           quantization, parts);
  }
  template <typename Error> std::string refusal(QuantizedLayout layout) const {
    return message_of<Error>([&] { open(layout); });
  }

private:
  struct Part {
    StoredType type;
    Shape shape;
    std::string data;
  };
  std::map<std::string, Part> parts_;
};

std::string integers(std::initializer_list<std::int32_t> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(std::int32_t)};
}

Module gptq_module() {
  Module m;
  m.add("m.qweight", StoredType::i32, {8, 16});
  m.add("m.qzeros", StoredType::i32, {2, 2});
  m.add("m.scales", StoredType::f16, {2, 16});
  return m;
}

TEST(LoadableTensors, RefusesBrokenGptq) {
  const GptqLayout layout;
  EXPECT_EQ(gptq_module().open(layout).find("m.weight")->shape, Shape({16, 8}));
  Module m = gptq_module();
  m.erase("m.qzeros");
  EXPECT_THAT(m.refusal<FormatError>(layout), HasSubstr("tensor \"m.qzeros\" is missing"));
  m = gptq_module();
  m.add("m.scales", StoredType::f16, {3, 16});
  EXPECT_THAT(m.refusal<FormatError>(layout), HasSubstr("\"m.scales\": 3 groups for 64 columns"));
  m = gptq_module();
  m.add("m.qzeros", StoredType::i32, {2, 3});
  EXPECT_THAT(m.refusal<FormatError>(layout), HasSubstr("no whole words of 6-bit numbers"));
  m.add("m.qzeros", StoredType::i32, {3, 2});
  EXPECT_THAT(m.refusal<FormatError>(layout),
              HasSubstr("tensor \"m.qzeros\": expected [2, 2], got [3, 2]"));
  m.add("m.qzeros", StoredType::i32, {2, 1, 0});
  EXPECT_THAT(m.refusal<FormatError>(layout), HasSubstr("are no zeros of 16 columns"));
  m = gptq_module();
  m.add("m.qweight", StoredType::f32, {8, 16});
  EXPECT_THAT(m.refusal<FormatError>(layout), HasSubstr("\"m.qweight\": expected I32, got F32"));
  m = gptq_module();
  m.add("m.scales", StoredType::f16, {4, 16});
  m.add("m.qzeros", StoredType::i32, {4, 2});
  m.add("m.g_idx", StoredType::i32, {64});
  EXPECT_THAT(m.refusal<FormatError>(layout),
              HasSubstr("\"m.g_idx\": expected 16 columns in each group"));
}

// Columns of two groups in turns, of 3 bits, which straddle words.
TEST(LoadableTensors, SortsColumnsByTheirGroups) {
  Module m = gptq_module();
  std::string words, groups;
  for (std::uint32_t word = 0; word < 6 * 32; ++word)
    words += integers({static_cast<std::int32_t>(2654435761U * (word + 1))});
  for (std::int32_t column = 0; column < 64; ++column)
    groups += integers({column % 2});
  m.add("m.qweight", StoredType::i32, {6, 32}, words);
  m.add("m.qzeros", StoredType::i32, {2, 3});
  m.add("m.scales", StoredType::f16, {2, 32});
  const LoadableTensors plain = m.open(GptqLayout{});
  EXPECT_FALSE(plain.find("m.input_order"));
  m.add("m.g_idx", StoredType::i32, {64}, groups);
  const LoadableTensors sorted = m.open(GptqLayout{});
  const LoadableTensor order = *sorted.find("m.input_order");
  EXPECT_EQ(order.dtype, DType::i32);
  EXPECT_EQ(order.shape, Shape{64});
  const std::vector<std::byte> bytes = bytes_of(order), before = bytes_of(*plain.find("m.weight")),
                               after = bytes_of(*sorted.find("m.weight"));
  for (std::int64_t k = 0; k < 64; ++k) {
    std::int32_t input = 0;
    std::memcpy(&input, bytes.data() + k * 4, sizeof input);
    EXPECT_EQ(input, k < 32 ? 2 * k : 2 * (k - 32) + 1);
    for (std::int64_t row = 0; row < 32; ++row)
      EXPECT_EQ(number_at(after, 24, row, k, 3), number_at(before, 24, row, input, 3));
  }
}

// Of each 4 rows: one query, one key and two values, of 2 groups; quantised rows alike.
TEST(LoadableTensors, SplitsProjections) {
  std::string rows(8 * 16 * 4, '\0');
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = static_cast<char>(i / 64);
  Module m;
  m.add("a.in_proj.weight", StoredType::u32, {8, 16}, rows);
  m.add("a.in_proj.scales", StoredType::f16, {8, 2});
  m.add("a.in_proj.biases", StoredType::f16, {8, 2});
  m.add("a.other.weight", StoredType::f16, {8, 2});
  const std::vector<ProjectionPart> parts{{"in_proj", "qk", {0, 4, {{0, 1}, {1, 1}}}},
                                          {"in_proj", "v", {0, 4, {{2, 2}}}}};
  QuantizationConfig quantization{std::nullopt, {{"a.in_proj", AffineEncoding{4, 64}}}, {}};
  const LoadableTensors tensors = m.open(quantization, parts);
  EXPECT_THAT(tensors.names(),
              testing::ElementsAre("a.other.weight", "a.qk.biases", "a.qk.scales", "a.qk.weight",
                                   "a.v.biases", "a.v.scales", "a.v.weight"));
  EXPECT_EQ(tensors.find("a.in_proj.weight"), std::nullopt);
  EXPECT_EQ(tensors.quantization()->encoding_of("a.v"), MatrixEncoding(AffineEncoding{4, 64}));
  EXPECT_EQ(tensors.find("a.v.scales")->shape, Shape({4, 2}));
  const auto first_bytes = [&](const char* name) {
    const std::vector<std::byte> bytes = bytes_of(*tensors.find(name));
    std::vector<int> firsts;
    for (std::size_t row = 0; row < bytes.size(); row += 64)
      firsts.push_back(static_cast<int>(bytes[row + 63]));
    return firsts;
  };
  EXPECT_EQ(first_bytes("a.qk.weight"), (std::vector{0, 4, 1, 5}));
  EXPECT_EQ(first_bytes("a.v.weight"), (std::vector{2, 3, 6, 7}));

  m.add("a.in_proj.weight", StoredType::u32, {6, 16});
  EXPECT_THAT(message_of<FormatError>([&] { m.open(quantization, parts); }),
              HasSubstr("\"a.in_proj.weight\": expected rows in groups of 4, got [6, 16]"));
}

TEST(LoadableTensors, RefusesGroupsThatNoEncodingHas) {
  Module m;
  m.add("m.qweight", StoredType::i32, {5, 16});  // 40 columns
  m.add("m.qzeros", StoredType::i32, {1, 2});
  m.add("m.scales", StoredType::f16, {1, 16});
  EXPECT_THAT(m.refusal<Unsupported>(GptqLayout{}),
              HasSubstr("\"m\": groups of 40 in rows of 40 are not supported"));
}

TEST(LoadableTensors, RefusesBrokenCompressedTensors) {
  const CompressedTensorsLayout layout;
  Module m;
  m.add("m.weight_packed", StoredType::i32, {2, 8});
  m.add("m.weight_scale", StoredType::bf16, {2, 2});
  m.add("m.weight_shape", StoredType::i32, {2}, integers({2, 64}));
  EXPECT_EQ(m.open(layout).quantization()->encoding_of("m"), MatrixEncoding(AffineEncoding{4, 32}));
  Module changed = m;
  changed.add("m.weight_shape", StoredType::i32, {2}, integers({2, 100}));
  EXPECT_THAT(changed.refusal<FormatError>(layout), HasSubstr("\"m.weight_packed\": "));
  changed.add("m.weight_shape", StoredType::i32, {2}, integers({2, -64}));
  EXPECT_THAT(changed.refusal<Unsupported>(layout), HasSubstr("numbers of 0 bits"));
  changed = m;
  changed.add("m.weight_g_idx", StoredType::i32, {64});
  EXPECT_THAT(changed.refusal<FormatError>(layout), HasSubstr("expected 32 columns in each group"));
  changed = m;
  changed.add("m.weight_zero_point", StoredType::i8, {2, 1});
  EXPECT_THAT(changed.refusal<FormatError>(layout),
              HasSubstr("\"m.weight_zero_point\": expected [2, 2], got [2, 1]"));
}

TEST(LoadableTensors, CompressedMxfp4) {
  Module m;
  m.add("m.weight_packed", StoredType::u8, {1, 32},
        std::string(16, '\x21') + std::string(16, '\xF7'));
  m.add("m.weight_scale", StoredType::u8, {1, 2}, "\x80\x7E");
  std::vector<float> expected;
  for (int i = 0; i < 16; ++i)
    expected.insert(expected.end(), {0.5f * 2, 1.0f * 2});
  for (int i = 0; i < 16; ++i)
    expected.insert(expected.end(), {6.0f / 2, -6.0f / 2});
  EXPECT_EQ(dequantized(m.open(CompressedTensorsLayout{}), "m"), expected);
  m.add("m.weight_scale", StoredType::u8, {1, 1});
  EXPECT_THAT(m.refusal<FormatError>(CompressedTensorsLayout{}),
              HasSubstr("\"m.weight_scale\": expected [1, 2], got [1, 1]"));
}

TEST(LoadableTensors, RefusesBrokenFloats) {
  Module m;
  m.add("m.weight", StoredType::f8_e4m3, {130, 256});
  m.add("m.weight_scale_inv", StoredType::f32, {2, 2});
  const LoadableTensors tensors = m.open(Fp8Layout{});
  EXPECT_EQ(tensors.find("m.weight")->shape, Shape({130, 64}));
  EXPECT_EQ(tensors.find("m.scales")->shape, Shape({130, 2}));
  EXPECT_EQ(tensors.quantization()->encoding_of("m"), MatrixEncoding(FloatEncoding{4, 3, 128}));
  m.add("m.weight_scale_inv", StoredType::f32, {2, 3});
  EXPECT_THAT(m.refusal<FormatError>(Fp8Layout{}), HasSubstr("expected [2, 2], got [2, 3]"));
  m.add("m.weight", StoredType::bf16, {130, 256});
  m.add("m.weight_scale_inv", StoredType::f32, {2, 2});
  EXPECT_THAT(m.refusal<FormatError>(Fp8Layout{}), HasSubstr("\"m.weight\": expected F8_E4M3"));
}

// A weight of f8 [rows, columns] with scales of blocks, against the definition, number by number.
// Rows that whole blocks of 32 do not fill are plain floats, rounded to f16.
void expect_fp8(StoredType type, const FloatEncoding& encoding, std::int64_t rows,
                std::int64_t columns, Fp8Layout blocks, bool is_packed) {
  SCOPED_TRACE(fmt::format("{} x {} in blocks of {} x {}", rows, columns, blocks.block_rows,
                           blocks.block_columns));
  std::mt19937 random(7);
  std::string codes(static_cast<std::size_t>(rows * columns), '\0');
  for (char& code : codes)
    code = static_cast<char>(random() % 2 * 128 + random() % 0x7C);  // finite
  const std::int64_t block_rows = (rows + blocks.block_rows - 1) / blocks.block_rows,
                     block_columns = (columns + blocks.block_columns - 1) / blocks.block_columns;
  std::vector<float> scales(static_cast<std::size_t>(block_rows * block_columns));
  for (float& scale : scales)
    scale = static_cast<float>(random() % 1000 + 1) / 4096;
  Module m;
  m.add("m.weight", type, {rows, columns}, codes);
  m.add("m.weight_scale_inv", StoredType::f32, {block_rows, block_columns},
        std::string(reinterpret_cast<const char*>(scales.data()), scales.size() * sizeof(float)));
  const LoadableTensors tensors = m.open(blocks);
  EXPECT_EQ(tensors.find("m.weight")->dtype, is_packed ? DType::u32 : DType::f16);
  const std::vector<float> actual = dequantized(tensors, "m");
  ASSERT_EQ(actual.size(), codes.size());
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t column = 0; column < columns; ++column) {
      const auto at = static_cast<std::size_t>(row * columns + column);
      const auto code = static_cast<std::uint8_t>(codes[at]);
      const float expected =
          decode_small_float(encoding, code) *
          scales[static_cast<std::size_t>(row / blocks.block_rows * block_columns +
                                          column / blocks.block_columns)];
      ASSERT_EQ(actual[at], is_packed ? expected : f16_to_float(float_to_f16(expected)))
          << row << ", " << column;
    }
}

TEST(LoadableTensors, RaggedRowsAndBlocksOfFp8) {
  const FloatEncoding e4m3{4, 3, 128}, e5m2{5, 2, 128};
  expect_fp8(StoredType::f8_e4m3, e4m3, 130, 288, {128, 128}, true);
  expect_fp8(StoredType::f8_e4m3, e4m3, 5, 48, {128, 128}, false);
  expect_fp8(StoredType::f8_e4m3, e4m3, 3, 50, {128, 128}, false);  // no whole words
  expect_fp8(StoredType::f8_e4m3, e4m3, 129, 200, {128, 128}, false);
  expect_fp8(StoredType::f8_e4m3, e4m3, 257, 131, {64, 32}, false);
  expect_fp8(StoredType::f8_e5m2, e5m2, 7, 33, {2, 32}, false);
  expect_fp8(StoredType::f8_e4m3, e4m3, 1, 1, {128, 128}, false);
}

// As ModelOpt stores it: two scales that are multiplied; and rows of 48.
TEST(LoadableTensors, ModelOptNvfp4) {
  for (const std::int64_t columns : {64, 48}) {
    Module m;
    const auto bytes = static_cast<std::size_t>(columns / 2);
    m.add("m.weight", StoredType::u8, {1, columns / 2}, std::string(bytes, '\x72'));
    m.add("m.weight_scale", StoredType::f8_e4m3, {1, columns / 16},
          std::string(static_cast<std::size_t>(columns / 16 - 1), '\x38') + '\x40');
    const float whole = 0.5f;
    m.add("m.weight_scale_2", StoredType::f32, {},
          std::string(reinterpret_cast<const char*>(&whole), sizeof whole));
    const std::vector<float> values = dequantized(m.open(CompressedTensorsLayout{}), "m");
    ASSERT_EQ(std::ssize(values), columns);
    EXPECT_EQ(values[0], 1 * 0.5f);
    EXPECT_EQ(values[1], 6 * 0.5f);
    EXPECT_EQ(values.back(), 6 * 2 * 0.5f);
  }
}

// Modules that `dynamic` sets apart.
TEST(LoadableTensors, GptqModulesShowTheirBits) {
  Module m = gptq_module();
  m.add("n.qweight", StoredType::i32, {16, 16});
  m.add("n.qzeros", StoredType::i32, {2, 4});
  m.add("n.scales", StoredType::f16, {2, 16});
  const LoadableTensors tensors = m.open(GptqLayout{});
  EXPECT_EQ(tensors.quantization()->encoding_of("m"), MatrixEncoding(AffineEncoding{4, 32}));
  EXPECT_EQ(tensors.quantization()->encoding_of("n"), MatrixEncoding(AffineEncoding{8, 32}));
}

TEST(LoadableTensors, NotANumberIsFoundWhenItIsRead) {
  for (const auto& [type, code] :
       {std::pair(StoredType::f8_e4m3, '\x7F'), std::pair(StoredType::f8_e4m3, '\xFF'),
        std::pair(StoredType::f8_e5m2, '\x7C')}) {
    Module m;
    m.add("m.weight", type, {1, 32}, std::string(31, code - 1) + code);
    m.add("m.weight_scale_inv", StoredType::f32, {1});
    const LoadableTensors tensors = m.open(Fp8Layout{});
    EXPECT_THAT(message_of<FormatError>([&] { bytes_of(*tensors.find("m.weight")); }),
                HasSubstr("tensor \"m.weight\": a weight is NaN or infinite"));
  }
}

}  // namespace
}  // namespace ashlar
