// SPDX-License-Identifier: Apache-2.0
// Experts in GGUF files: the published names, and stacks that stay packed.
#include "models/compile/logits.h"
#include "models/convert/to_folder.h"
#include "models/convert/to_gguf.h"
#include "models/formats/gguf/decode.h"
#include "models/formats/safetensors.h"
#include "models/formats/safetensors_writer.h"
#include "models/generate/gguf_model.h"
#include "models/generate/open_model.h"
#include "tests/models/convert/rewritten_gguf.h"
#include "tests/models/formats/test_files.h"
#include "tests/parity/reference.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <fstream>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using gguf::BlockType;
using Bytes = std::vector<std::byte>;
using Tensors = std::vector<gguf::TensorToWrite>;

fs::path golden(const std::string& family) {
  return fs::path(ASHLAR_TEST_DATA) / "goldens/families" / family;
}

class GgufExperts : public testing::Test {
protected:
  fs::path path(const std::string& name) const { return folder_.path() / name; }

  fs::path written(const std::string& family, const char* type) const {
    write_gguf(*open_model(golden(family)), path("written.gguf"), find_gguf_recipe(type));
    return path("written.gguf");
  }

  // With all blocks of `file` as the floats that they stand for.
  fs::path decoded(const fs::path& file) const {
    test::rewrite_gguf(file, path("decoded.gguf"), [](gguf::Metadata&, Tensors& tensors) {
      for (gguf::TensorToWrite& tensor : tensors)
        tensor = {tensor.name, BlockType::f32, tensor.shape, [tensor] {
                    std::vector<float> numbers(
                        static_cast<std::size_t>(tensor.shape.element_count()));
                    gguf::decode(tensor.type, tensor.data(), numbers);
                    const auto bytes = std::as_bytes(std::span(numbers));
                    return Bytes(bytes.begin(), bytes.end());
                  }};
    });
    return path("decoded.gguf");
  }

  static std::vector<float> logits(const fs::path& model) {
    const test::Reference reference(golden("gpt_oss") / "expected.safetensors");
    return compute_logits(model, reference.rows("input_ids"), {.dtype = DType::f32})[0].values;
  }

  // The golden gpt_oss with experts in MXFP4 of any numbers.
  fs::path packed_gpt_oss() const {
    test::rewrite_gguf(written("gpt_oss", "bf16"), path("mxfp4.gguf"),
                       [](gguf::Metadata&, Tensors& tensors) {
                         for (gguf::TensorToWrite& tensor : tensors)
                           if (tensor.name.ends_with("_exps.weight"))
                             tensor = {tensor.name, BlockType::mxfp4, tensor.shape,
                                       [tensor] { return any_blocks(tensor); }};
                       });
    return path("mxfp4.gguf");
  }

  static Bytes any_blocks(const gguf::TensorToWrite& tensor) {
    Bytes blocks(*gguf::stored_bytes(BlockType::mxfp4, tensor.shape));
    auto state = static_cast<std::uint32_t>(tensor.name.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      state = state * 1664525U + 1013904223U;
      blocks[i] = static_cast<std::byte>(i % 17 == 0 ? 121 + state % 3 : state >> 24);
    }
    return blocks;
  }

  static Bytes bytes_of(const ModelSource& model, const std::string& name) {
    const WeightSpec weight = model.find_weight(name).value();
    Bytes bytes(static_cast<std::size_t>(weight.shape.element_count()) * size_of(weight.dtype));
    model.read_weight(weight, 0, bytes);
    return bytes;
  }

  static void expect_same_experts(const fs::path& actual, const fs::path& expected) {
    const gguf::File a = gguf::File::open(actual), b = gguf::File::open(expected);
    for (const gguf::TensorInfo& info : b.tensors())
      if (info.name.ends_with("_exps.weight")) {
        ASSERT_TRUE(a.find(info.name)) << info.name;
        EXPECT_EQ(a.find(info.name)->type, info.type);
        EXPECT_TRUE(std::ranges::equal(a.data(*a.find(info.name)), b.data(info))) << info.name;
      }
  }

  test::TemporaryFolder folder_;
};

struct Published {
  const char* family;
  std::map<std::string, std::int64_t> numbers;  // metadata, below the architecture
  std::map<std::string, Shape> tensors;         // of layer 0
};

TEST_F(GgufExperts, HaveThePublishedNames) {
  const Published cases[] = {
      {"mixtral",
       {{"llama.expert_count", 6}, {"llama.expert_used_count", 2}},
       {{"ffn_gate_inp.weight", {6, 64}},
        {"ffn_gate_exps.weight", {6, 128, 64}},
        {"ffn_up_exps.weight", {6, 128, 64}},
        {"ffn_down_exps.weight", {6, 64, 128}}}},
      {"qwen2_moe",
       {{"qwen2moe.expert_count", 8},
        {"qwen2moe.expert_feed_forward_length", 48},
        {"qwen2moe.expert_shared_feed_forward_length", 80}},
       {{"ffn_gate_inp_shexp.weight", {64}},
        {"ffn_gate_shexp.weight", {80, 64}},
        {"ffn_down_shexp.weight", {64, 80}},
        {"ffn_down_exps.weight", {8, 64, 48}}}},
      {"qwen3_moe",
       {{"qwen3moe.expert_count", 8}, {"qwen3moe.expert_used_count", 2}},
       {{"ffn_up_exps.weight", {8, 48, 64}}, {"attn_q_norm.weight", {16}}}},
      {"gpt_oss",
       {{"gpt-oss.expert_count", 4},
        {"gpt-oss.expert_feed_forward_length", 64},
        {"gpt-oss.attention.sliding_window", 8},
        {"gpt-oss.rope.scaling.original_context_length", 32}},
       {{"attn_sinks.weight", {4}},
        {"post_attention_norm.weight", {64}},
        {"ffn_gate_inp.bias", {4}},
        {"ffn_gate_exps.weight", {4, 64, 64}},
        {"ffn_up_exps.bias", {4, 64}},
        {"ffn_down_exps.bias", {4, 64}}}},
      {"gemma4_moe",
       {{"gemma4.expert_count", 8},
        {"gemma4.attention.key_length", 32},
        {"gemma4.attention.key_length_swa", 16},
        {"gemma4.attention.shared_kv_layers", 0},
        {"gemma4.rope.dimension_count_swa", 16},
        {"gemma4.embedding_length_per_layer_input", 0}},
       {{"ffn_gate_up_exps.weight", {8, 96, 64}},
        {"ffn_down_exps.weight", {8, 64, 48}},
        {"ffn_gate_inp.scale", {64}},
        {"ffn_down_exps.scale", {8}},
        {"pre_ffw_norm_2.weight", {64}},
        {"post_ffw_norm_1.weight", {64}},
        {"layer_output_scale.weight", {1}}}},
      {"gemma4_ple",
       {{"gemma4.attention.shared_kv_layers", 4}, {"gemma4.embedding_length_per_layer_input", 16}},
       {{"inp_gate.weight", {16, 64}}, {"proj.weight", {64, 16}}, {"post_norm.weight", {64}}}},
      {"gemma2",
       {{"gemma2.attention.sliding_window", 8},
        {"gemma2.attn_logit_softcapping", 20},
        {"gemma2.final_logit_softcapping", 10}},
       {{"post_attention_norm.weight", {64}}, {"post_ffw_norm.weight", {64}}}},
  };
  for (const Published& published : cases) {
    SCOPED_TRACE(published.family);
    const gguf::File file = gguf::File::open(written(published.family, "f16"));
    for (const auto& [key, value] : published.numbers)
      EXPECT_EQ(file.fields().number(key), value) << key;
    for (const auto& [name, shape] : published.tensors) {
      const gguf::TensorInfo* info = file.find("blk.0." + name);
      ASSERT_TRUE(info) << name;
      EXPECT_EQ(info->shape, shape) << name;
      const bool is_small =
          shape.rank() == 1 || name.ends_with(".bias") || name == "ffn_gate_inp.weight";
      EXPECT_EQ(info->type, is_small ? BlockType::f32 : BlockType::f16) << name;
    }
  }
}

TEST_F(GgufExperts, MultiplyPackedLikeTheirNumbers) {
  for (const char* family : {"qwen2_moe", "gemma4_moe"}) {
    SCOPED_TRACE(family);
    const fs::path file = written(family, "q8_0");
    const std::vector<float> expected = logits(decoded(file));
    EXPECT_LE(test::nmse(logits(file), expected), 1e-9);
  }
}

TEST_F(GgufExperts, StayInMxfp4) {
  const fs::path file = packed_gpt_oss();
  const GgufModel model = GgufModel::open(file);
  const WeightSpec blocks = model.find_weight("model.layers.0.mlp.experts.up_proj_blocks").value();
  EXPECT_EQ(blocks.dtype, DType::u8);
  EXPECT_EQ(blocks.shape, (Shape{4, 64, 2, 16}));
  EXPECT_FALSE(model.config().quantization);
  const std::vector<float> expected = logits(decoded(file));
  EXPECT_LE(test::nmse(logits(file), expected), 1e-9);
}

TEST_F(GgufExperts, KeepTheirMxfp4BlocksWhenTheyAreConverted) {
  const fs::path file = packed_gpt_oss();
  write_gguf(*open_model(file), path("again.gguf"), find_gguf_recipe("q8_0"));
  expect_same_experts(path("again.gguf"), file);
  write_folder(file, path("folder"), {});
  write_gguf(*open_model(path("folder")), path("back.gguf"), find_gguf_recipe("bf16"));
  expect_same_experts(path("back.gguf"), file);
}

// Gate and up in turns, as published folders have them.
TEST_F(GgufExperts, AreTakenFromFoldersInMxfp4) {
  const fs::path file = packed_gpt_oss();
  const GgufModel model = GgufModel::open(file);
  const auto source = SafetensorsFile::open(golden("gpt_oss") / "model.safetensors");
  std::vector<TensorToWrite> tensors;
  for (const TensorInfo& info : source.tensors())
    if (!info.name.ends_with("experts.gate_up_proj") && !info.name.ends_with("experts.down_proj"))
      tensors.push_back({info.name, info.type, info.shape, source.data(info)});
  std::vector<std::pair<Bytes, Bytes>> kept;
  kept.reserve(16);
  for (int layer = 0; layer < 4; ++layer)
    for (const auto& [part, row] : {std::pair("blocks", 32UL), {"scales", 2UL}}) {
      const std::string experts = fmt::format("model.layers.{}.mlp.experts.", layer);
      const auto bytes = [&](const char* projection) {
        return bytes_of(model, fmt::format("{}{}_{}", experts, projection, part));
      };
      const Bytes gate = bytes("gate_proj"), up = bytes("up_proj");
      auto& [both, down] = kept.emplace_back(Bytes(), bytes("down_proj"));
      for (std::size_t at = 0; at < gate.size(); at += row)
        for (const Bytes* one : {&gate, &up})
          both.insert(both.end(), one->begin() + static_cast<std::ptrdiff_t>(at),
                      one->begin() + static_cast<std::ptrdiff_t>(at + row));
      const bool is_blocks = row == 32;
      tensors.push_back({fmt::format("{}gate_up_proj_{}", experts, part), StoredType::u8,
                         is_blocks ? Shape{4, 128, 2, 16} : Shape{4, 128, 2}, both});
      tensors.push_back({fmt::format("{}down_proj_{}", experts, part), StoredType::u8,
                         is_blocks ? Shape{4, 64, 2, 16} : Shape{4, 64, 2}, down});
    }
  fs::create_directory(path("folder"));
  write_safetensors(path("folder") / "model.safetensors", std::move(tensors), {});
  nlohmann::json config = nlohmann::json::parse(std::ifstream(golden("gpt_oss") / "config.json"));
  config["quantization_config"] = {{"quant_method", "mxfp4"}};
  std::ofstream(path("folder") / "config.json") << config;
  write_gguf(*open_model(path("folder")), path("back.gguf"), find_gguf_recipe("bf16"));
  expect_same_experts(path("back.gguf"), file);
}

}  // namespace
}  // namespace ashlar
