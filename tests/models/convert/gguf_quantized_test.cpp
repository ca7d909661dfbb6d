// SPDX-License-Identifier: Apache-2.0
// Quantised GGUF tensors, which stay packed on the device, against their decoded numbers.
#include "models/compile/logits.h"
#include "models/convert/to_gguf.h"
#include "models/formats/gguf/affine_block.h"
#include "models/formats/gguf/checkpoint.h"
#include "models/formats/gguf/decode.h"
#include "models/formats/gguf/writer.h"
#include "models/formats/safetensors.h"
#include "models/generate/gguf_model.h"
#include "models/generate/open_model.h"
#include "runtime/array/ops.h"
#include "runtime/array/quantization.h"
#include "runtime/program/k_encoding.h"
#include "tests/models/formats/test_files.h"
#include "tests/parity/reference.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRows = 4, kColumns = 256;

// A part of a quantised matrix as an array.
Array part_of(const gguf::Tensor& tensor) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.shape.element_count()) *
                               size_of(tensor.dtype));
  gguf::read(tensor, 0, bytes);
  // In pieces that end within rows, too.
  std::vector<std::byte> again(bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += 44)
    gguf::read(tensor, at,
               std::span(again).subspan(at, std::min<std::size_t>(44, bytes.size() - at)));
  EXPECT_EQ(again, bytes);
  return array_from_bytes(bytes, tensor.dtype, tensor.shape);
}

// A file with one matrix, and what its blocks decode to.
class QuantizedBlocks : public testing::TestWithParam<gguf::BlockType> {
protected:
  void SetUp() override {
    const auto stored = SafetensorsFile::open(ASHLAR_TEST_DATA "/gguf/blocks.safetensors");
    const auto blocks = stored.data(*stored.find(fmt::format("{}.blocks", gguf::name_of(type))));
    const auto bytes = [&] { return std::vector<std::byte>(blocks.begin(), blocks.end()); };
    gguf::write(folder_.path() / "m.gguf", {}, {{"m.weight", type, {kRows, kColumns}, bytes}});
    files_ = gguf::FileSet::open(folder_.path() / "m.gguf");
    gguf::decode(type, blocks, numbers);
  }

  gguf::Tensor stored_weight() const {
    return {.name = "m.weight", .stored = *files_->find("m.weight")};
  }

  const gguf::BlockType type = GetParam();
  std::vector<float> numbers = std::vector<float>(kRows * kColumns);

private:
  test::TemporaryFolder folder_;
  std::optional<gguf::FileSet> files_;
};

TEST_P(QuantizedBlocks, MultiplyLikeTheirNumbers) {
  const gguf::AffineForm form = *gguf::affine_form(type);
  gguf::Tensor tensor = stored_weight();
  const auto part = [&](gguf::Part which, DType dtype, std::int64_t columns) {
    tensor.part = which;
    tensor.dtype = dtype;
    tensor.shape = {kRows, columns};
    return part_of(tensor);
  };
  const std::int64_t groups = kColumns / form.encoding.group_size;
  const QuantizedArray weight{
      part(gguf::Part::packed, DType::u32, kColumns / 32 * form.encoding.bits),
      part(gguf::Part::scales, form.scales, groups), part(gguf::Part::biases, form.scales, groups),
      form.encoding};
  EXPECT_EQ(dequantize(weight).to_vector<float>(), numbers);

  std::vector<float> x(kColumns);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = std::sin(static_cast<float>(i));
  const std::vector<float> product =
      quantized_matmul(array(std::span<const float>(x), {1, kColumns}), weight).to_vector<float>();
  for (std::size_t row = 0; row < kRows; ++row) {
    double exact = 0, magnitude = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double term = static_cast<double>(numbers[row * kColumns + i]) * x[i];
      exact += term;
      magnitude += std::abs(term);
    }
    EXPECT_NEAR(product[row], exact, 1e-5 * magnitude) << gguf::name_of(type) << " row " << row;
  }
}

class KBlocks : public QuantizedBlocks {};

TEST_P(KBlocks, AreScaledInTwoSteps) {
  const std::int64_t bits = gguf::affine_form(type)->encoding.bits;
  gguf::Tensor tensor = stored_weight();
  tensor.dtype = DType::u32;
  tensor.shape = {kRows, kColumns / 32 * bits};
  tensor.part = gguf::Part::packed;
  const Array packed = part_of(tensor);
  tensor.part = gguf::Part::k_scales;
  tensor.shape = {kRows, kColumns / kSuperBlock * kSuperBlockScaleWords};
  const Array scales = part_of(tensor);
  EXPECT_EQ(dequantize_k(packed, scales, bits).to_vector<float>(), numbers);
  // Five eighths of a bit for each number's share of the scales.
  EXPECT_EQ(32 * (packed.size() + scales.size()),
            kRows * kColumns * bits + kRows * kColumns * 5 / 8);
}

INSTANTIATE_TEST_SUITE_P(All, KBlocks,
                         testing::Values(gguf::BlockType::q2_k, gguf::BlockType::q3_k,
                                         gguf::BlockType::q4_k, gguf::BlockType::q5_k,
                                         gguf::BlockType::q6_k, gguf::BlockType::iq4_xs),
                         [](const auto& info) { return std::string(name_of(info.param)); });

INSTANTIATE_TEST_SUITE_P(All, QuantizedBlocks,
                         testing::Values(gguf::BlockType::q4_0, gguf::BlockType::q4_1,
                                         gguf::BlockType::q5_0, gguf::BlockType::q5_1,
                                         gguf::BlockType::q8_0, gguf::BlockType::q2_k,
                                         gguf::BlockType::q3_k, gguf::BlockType::q4_k,
                                         gguf::BlockType::q5_k, gguf::BlockType::q6_k,
                                         gguf::BlockType::iq4_nl, gguf::BlockType::iq4_xs,
                                         gguf::BlockType::mxfp4),
                         [](const auto& info) { return std::string(gguf::name_of(info.param)); });

// The file with all of its tensors decoded.
void write_decoded(const fs::path& path, const fs::path& out) {
  const gguf::FileSet files = gguf::FileSet::open(path);
  std::vector<gguf::TensorToWrite> tensors;
  for (const auto& [name, stored] : files.tensors())
    tensors.push_back({std::string(name), gguf::BlockType::f32, stored.info->shape, [&stored] {
                         std::vector<float> numbers(
                             static_cast<std::size_t>(stored.info->shape.element_count()));
                         gguf::decode(stored.info->type, stored.data(), numbers);
                         const auto bytes = std::as_bytes(std::span(numbers));
                         return std::vector<std::byte>(bytes.begin(), bytes.end());
                       }});
  gguf::write(out, files.metadata(), tensors);
}

std::vector<float> logits_of(const fs::path& path) {
  return compute_logits(path, {{3, 1, 4, 1, 5, 9, 2, 6, 5, 35}}, {.dtype = DType::f32, .chunk = 5})
      .front()
      .values;
}

// One block at a time and several: kernels for one row, and for many.
TEST(QuantizedModel, HasTheLogitsOfTheDecodedOne) {
  const test::TemporaryFolder folder;
  const fs::path packed = folder.path() / "packed.gguf", decoded = folder.path() / "decoded.gguf";
  for (const char* type : {"q4_k_m", "q2_k"}) {
    write_gguf(*open_model(fs::path(ASHLAR_CHECKPOINTS) / "pebble-4m"), packed,
               find_gguf_recipe(type));
    const auto quantization = GgufModel::open(packed).config().quantization;
    EXPECT_EQ(quantization->encoding_of("model.layers.0.self_attn.q_proj"),
              MatrixEncoding(type == std::string("q2_k") ? AffineEncoding{2, 16}
                                                         : AffineEncoding{4, 32}));
    EXPECT_EQ(quantization->encoding_of("model.embed_tokens"),
              MatrixEncoding(AffineEncoding{6, 16}));
    write_decoded(packed, decoded);
    EXPECT_LT(test::nmse(logits_of(packed), logits_of(decoded)), 1e-9) << type;
  }
}

// Whose columns by heads are in the file's order where they are packed, and in ours where not.
TEST(QuantizedModel, OfDeltaNetsHasTheLogitsOfTheDecodedOne) {
  const test::TemporaryFolder folder;
  const fs::path packed = folder.path() / "packed.gguf", decoded = folder.path() / "decoded.gguf";
  write_gguf(*open_model(fs::path(ASHLAR_TEST_DATA) / "goldens/families/qwen3_5"), packed,
             find_gguf_recipe("q8_0"));
  write_decoded(packed, decoded);
  const char* order = "model.layers.0.linear_attn.out_proj.input_order";
  EXPECT_TRUE(GgufModel::open(packed).find_weight(order));
  EXPECT_FALSE(GgufModel::open(decoded).find_weight(order));
  EXPECT_LT(test::nmse(logits_of(packed), logits_of(decoded)), 1e-9);
}

TEST(GgufRecipe, ChoosesByNameAndShape) {
  ModelConfig config;
  config.layers.resize(16);
  const auto type = [&](std::string_view recipe, std::string_view name, Shape shape) {
    return gguf::name_of(find_gguf_recipe(recipe).type_of(name, shape, config));
  };
  EXPECT_EQ(type("q4_k_m", "blk.0.attn_q.weight", {8, 256}), "Q4_K");
  EXPECT_EQ(type("q4_k_m", "blk.0.attn_v.weight", {8, 256}), "Q6_K");
  EXPECT_EQ(type("q4_k_m", "blk.3.attn_v.weight", {8, 256}), "Q4_K");
  EXPECT_EQ(type("q4_k_m", "blk.4.ffn_down.weight", {8, 256}), "Q6_K");
  EXPECT_EQ(type("q4_k_m", "blk.15.ffn_down.weight", {8, 256}), "Q6_K");
  EXPECT_EQ(type("q4_k", "blk.15.ffn_down.weight", {8, 256}), "Q4_K");
  EXPECT_EQ(type("q2_k", "output.weight", {8, 256}), "Q6_K");
  EXPECT_EQ(type("q2_k", "token_embd.weight", {8, 256}), "Q2_K");
  config.tied_embeddings = true;
  EXPECT_EQ(type("q2_k", "token_embd.weight", {8, 256}), "Q6_K");
  EXPECT_EQ(type("q8_0", "token_embd.weight", {8, 256}), "Q8_0");
  // Rows that blocks do not divide.
  EXPECT_EQ(type("q2_k", "blk.0.attn_q.weight", {8, 96}), "Q4_0");
  EXPECT_EQ(type("q4_k", "blk.0.attn_q.weight", {8, 96}), "Q5_0");
  EXPECT_EQ(type("q6_k", "blk.0.attn_q.weight", {8, 96}), "Q8_0");
  EXPECT_EQ(type("q6_k", "blk.0.attn_q.weight", {8, 80}), "F16");
  EXPECT_EQ(type("q8_0", "blk.0.attn_norm.weight", {256}), "F32");
  EXPECT_EQ(type("bf16", "blk.0.attn_q.bias", {256}), "F32");
}

}  // namespace
}  // namespace ashlar
