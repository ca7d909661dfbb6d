// SPDX-License-Identifier: Apache-2.0
// Goldens written as GGUF files and read again: the same config, the same numbers, the same ids.
#include "models/generate/gguf_model.h"

#include "models/compile/load_model.h"
#include "models/compile/logits.h"
#include "models/convert/to_gguf.h"
#include "models/convert/weight_rows.h"
#include "models/generate/generator.h"
#include "models/generate/open_model.h"
#include "runtime/program/error.h"
#include "tests/models/convert/rewritten_gguf.h"
#include "tests/models/formats/test_files.h"
#include "tests/parity/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using testing::HasSubstr;

fs::path golden(const std::string& family) {
  return fs::path(ASHLAR_TEST_DATA) / "goldens/families" / family;
}

std::vector<float> numbers_of(const ModelSource& model, const std::string& name) {
  const WeightSpec weight = model.find_weight(name).value();
  WeightRows rows(model, weight);
  std::vector<float> all, row(rows.width());
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    rows.read(i, row);
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

void expect_same_experts(const std::optional<ExpertsConfig>& actual,
                         const std::optional<ExpertsConfig>& expected) {
  ASSERT_EQ(actual.has_value(), expected.has_value());
  if (!expected)
    return;
  EXPECT_EQ(actual->count, expected->count);
  EXPECT_EQ(actual->chosen, expected->chosen);
  EXPECT_EQ(actual->intermediate_size, expected->intermediate_size);
  EXPECT_EQ(actual->shared_intermediate_size, expected->shared_intermediate_size);
  EXPECT_EQ(actual->normalised, expected->normalised);
  EXPECT_EQ(actual->clamp, expected->clamp);
}

void expect_same_memory(const std::optional<RecurrenceConfig>& actual,
                        const std::optional<RecurrenceConfig>& expected) {
  ASSERT_EQ(actual.has_value(), expected.has_value());
  if (!expected)
    return;
  EXPECT_EQ(actual->conv_kernel, expected->conv_kernel);
  EXPECT_EQ(actual->groups, expected->groups);
  EXPECT_EQ(actual->heads, expected->heads);
  EXPECT_EQ(actual->key_dim, expected->key_dim);
  EXPECT_EQ(actual->value_dim, expected->value_dim);
}

class GgufModelTest : public testing::TestWithParam<std::string> {
protected:
  fs::path written(const char* type) const {
    const fs::path path = folder_.path() / (std::string(type) + ".gguf");
    write_gguf(*open_model(golden(GetParam())), path, find_gguf_recipe(type));
    return path;
  }

  test::TemporaryFolder folder_;
};

TEST_P(GgufModelTest, HasTheConfigOfTheFolder) {
  const ModelConfig expected = open_model(golden(GetParam()))->config();
  const ModelConfig actual = GgufModel::open(written("f32")).config();
  EXPECT_EQ(actual.decoder_type, expected.decoder_type);
  EXPECT_EQ(actual.vocab_size, expected.vocab_size);
  EXPECT_EQ(actual.hidden_size, expected.hidden_size);
  EXPECT_EQ(actual.attention_heads, expected.attention_heads);
  EXPECT_EQ(actual.max_positions, expected.max_positions);
  EXPECT_EQ(actual.layers, expected.layers);
  EXPECT_EQ(actual.sliding_window, expected.sliding_window);
  EXPECT_NEAR(actual.query_scale, expected.query_scale, 1e-8);
  EXPECT_EQ(actual.qk_norm, expected.qk_norm);
  EXPECT_EQ(actual.qkv_bias, expected.qkv_bias);
  EXPECT_EQ(actual.output_bias, expected.output_bias);
  EXPECT_EQ(actual.mlp_bias, expected.mlp_bias);
  EXPECT_EQ(actual.norm, expected.norm);
  EXPECT_EQ(actual.norm_epsilon, expected.norm_epsilon);
  EXPECT_EQ(actual.post_norms, expected.post_norms);
  EXPECT_EQ(actual.activation, expected.activation);
  EXPECT_EQ(actual.embedding_scale, expected.embedding_scale);
  EXPECT_EQ(actual.attention_softcap, expected.attention_softcap);
  EXPECT_EQ(actual.final_logit_softcap, expected.final_logit_softcap);
  EXPECT_EQ(actual.tied_embeddings, expected.tied_embeddings);
  EXPECT_EQ(actual.bos_token_id, expected.bos_token_id);
  EXPECT_EQ(actual.eos_token_ids, expected.eos_token_ids);
  expect_same_experts(actual.experts, expected.experts);
  ASSERT_EQ(actual.per_layer_embedding.has_value(), expected.per_layer_embedding.has_value());
  if (expected.per_layer_embedding) {
    EXPECT_EQ(actual.per_layer_embedding->width, expected.per_layer_embedding->width);
    EXPECT_EQ(actual.per_layer_embedding->vocab_size, expected.per_layer_embedding->vocab_size);
  }
  expect_same_memory(actual.recurrence, expected.recurrence);
  for (const LayerConfig& layer : expected.layers) {
    if (layer.mixer != TokenMixer::attention)
      continue;
    EXPECT_EQ(actual.rope(layer.attention).attention_factor,
              expected.rope(layer.attention).attention_factor);
    const auto frequencies =
        rope_inverse_frequencies(expected.rope(layer.attention), layer.head_dim);
    const auto stored = rope_inverse_frequencies(actual.rope(layer.attention), layer.head_dim);
    ASSERT_EQ(stored.size(), frequencies.size());
    for (std::size_t i = 0; i < stored.size(); ++i)
      EXPECT_NEAR(stored[i], frequencies[i], 1e-7 * frequencies[i]);
  }
}

TEST_P(GgufModelTest, HasTheWeightsOfTheFolder) {
  const auto expected = open_model(golden(GetParam()));
  const GgufModel actual = GgufModel::open(written("f32"));
  if (!expected->config().experts)
    EXPECT_EQ(actual.weight_names(), expected->weight_names());
  for (const std::string& name : expected->weight_names()) {
    // Experts that the folder has one by one are stacked.
    if (name.find("experts.") != name.npos && !actual.find_weight(name))
      continue;
    ASSERT_TRUE(actual.find_weight(name)) << name;
    const std::vector<float> numbers = numbers_of(*expected, name);
    const std::vector<float> stored = numbers_of(actual, name);
    EXPECT_EQ(actual.find_weight(name)->shape, expected->find_weight(name)->shape) << name;
    const bool one_more =
        expected->config().norm != NormKind::plain && name.ends_with("norm.weight");
    if (one_more || name.ends_with(".A_log"))  // stored as -exp(A)
      EXPECT_THAT(stored, testing::Pointwise(testing::FloatNear(5e-7f), numbers)) << name;
    else
      EXPECT_EQ(stored, numbers) << name;
  }
}

TEST_P(GgufModelTest, ComputesTheSameLogits) {
  const test::Reference expected(golden(GetParam()) / "expected.safetensors");
  const auto logits =
      compute_logits(written("bf16"), expected.rows("input_ids"), {.dtype = DType::f32});
  EXPECT_LE(test::nmse(logits.front().values, expected.floats("logits")), test::kTolerance);
}

TEST_P(GgufModelTest, GeneratesTheSameIds) {
  const test::Reference expected(golden(GetParam()) / "expected.safetensors");
  const std::vector<std::int32_t> greedy = expected.rows("greedy_ids")[0];
  LanguageModel model =
      load_model(written("bf16"), {.dtype = DType::f32, .prefill_sizes = {64}, .ignore_eos = true});
  const Generation result = Generator(model)
                                .run({expected.rows("input_ids")[0]},
                                     {.max_tokens = std::ssize(greedy), .steps_per_submit = 8})
                                .front();
  EXPECT_EQ(result.ids, greedy);
}

INSTANTIATE_TEST_SUITE_P(Families, GgufModelTest,
                         testing::Values("llama", "llama_linear_bias", "llama_rope_scaled", "qwen2",
                                         "qwen2_moe", "qwen3", "qwen3_moe", "mistral", "mixtral",
                                         "gemma", "gemma2", "gemma3", "gemma4_dense", "gemma4_ple",
                                         "gemma4_moe", "gpt_oss", "minimax_m2", "ministral3",
                                         "qwen3_5", "qwen3_5_moe", "qwen3_next", "mamba2"),
                         [](const auto& info) { return info.param; });

class GgufFileTest : public testing::Test {
protected:
  // The golden llama with `change` done to what is written.
  template <typename Change> fs::path changed(Change change) const {
    write_gguf(*open_model(golden("llama")), path_, find_gguf_recipe("f16"));
    const fs::path out = folder_.path() / "changed.gguf";
    test::rewrite_gguf(path_, out, change);
    return out;
  }

  template <typename Expected, typename Change> std::string error_after(Change change) const {
    const fs::path path = changed(change);
    return message_of<Expected>([&] { GgufModel::open(path); });
  }

  test::TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "model.gguf";
};

TEST_F(GgufFileTest, NamesWhatIsMissingOrWrong) {
  using Tensors = std::vector<gguf::TensorToWrite>;
  EXPECT_THAT(error_after<FormatError>([](gguf::Metadata& m, Tensors&) { m.clear(); }),
              HasSubstr("metadata \"general.architecture\": expected text, got nothing"));
  EXPECT_THAT(error_after<Unsupported>([](gguf::Metadata& m, Tensors&) {
                m["general.architecture"] = std::string("gpt9");
              }),
              HasSubstr("architecture \"gpt9\" is not supported: expected one of"));
  for (const char* key :
       {"llama.block_count", "llama.embedding_length", "llama.attention.head_count",
        "llama.context_length", "llama.attention.layer_norm_rms_epsilon"}) {
    EXPECT_THAT(error_after<FormatError>([&](gguf::Metadata& m, Tensors&) { m.erase(key); }),
                HasSubstr(key));
    EXPECT_THAT(
        error_after<FormatError>([&](gguf::Metadata& m, Tensors&) { m[key] = std::uint32_t{0}; }),
        HasSubstr(key));
    EXPECT_THAT(error_after<FormatError>([&](gguf::Metadata& m, Tensors&) { m[key] = "text"; }),
                HasSubstr(key));
  }
  EXPECT_THAT(error_after<FormatError>([](gguf::Metadata& m, Tensors&) {
                m["llama.block_count"] = std::uint32_t{513 * 1024};
              }),
              HasSubstr("block_count"));
  EXPECT_THAT(error_after<FormatError>([](gguf::Metadata& m, Tensors&) {
                m["llama.attention.head_count_kv"] = std::uint32_t{3};
              }),
              HasSubstr("num_key_value_heads"));
  EXPECT_THAT(error_after<FormatError>([](gguf::Metadata& m, Tensors&) {
                m["llama.attention.key_length"] = std::uint32_t{17};
                m["llama.attention.value_length"] = std::uint32_t{17};
              }),
              HasSubstr("expected rows in heads of 17"));
  EXPECT_THAT(error_after<Unsupported>([](gguf::Metadata& m, Tensors&) {
                m["llama.feed_forward_length"] =
                    gguf::Array(std::vector<std::uint32_t>{1, 2, 3, 4});
              }),
              HasSubstr("feed_forward_length differs between layers"));
  EXPECT_THAT(error_after<Unsupported>([](gguf::Metadata& m, Tensors&) {
                m["llama.rope.scaling.type"] = std::string("longrope");
                m["llama.rope.scaling.factor"] = 2.0f;
              }),
              HasSubstr("rope scaling longrope is not supported"));
  EXPECT_THAT(
      error_after<Unsupported>([](gguf::Metadata&, Tensors& t) { t[3].name = "blk.0.odd.weight"; }),
      HasSubstr("tensor \"blk.0.odd.weight\" is not known in architecture llama"));
  EXPECT_THAT(error_after<FormatError>([](gguf::Metadata&, Tensors& t) {
                std::erase_if(t, [](const auto& x) { return x.name == "token_embd.weight"; });
              }),
              HasSubstr("expected a matrix token_embd.weight"));
}

TEST_F(GgufFileTest, RefusesTypesThatItCannotCompute) {
  EXPECT_THAT(error_after<Unsupported>([](gguf::Metadata&, auto& tensors) {
                tensors[3].type = gguf::BlockType::i8;
                tensors[3].data = [shape = tensors[3].shape] {
                  return std::vector<std::byte>(static_cast<std::size_t>(shape.element_count()));
                };
              }),
              HasSubstr("is stored as I8, which cannot be loaded"));
}

TEST_F(GgufFileTest, ReadsSplitFiles) {
  const auto half = [&](std::uint16_t part) {
    changed([&](gguf::Metadata& metadata, auto& tensors) {
      metadata["split.count"] = std::uint16_t{2};
      metadata["split.no"] = part;
      metadata["split.tensors.count"] = static_cast<std::int32_t>(tensors.size());
      if (part == 1)
        std::erase_if(metadata,
                      [](const auto& entry) { return !entry.first.starts_with("split."); });
      const auto middle = tensors.begin() + 20;
      part == 0 ? tensors.erase(middle, tensors.end()) : tensors.erase(tensors.begin(), middle);
    });
    const fs::path path = folder_.path() / fmt::format("m-0000{}-of-00002.gguf", part + 1);
    fs::rename(folder_.path() / "changed.gguf", path);
    return path;
  };
  const fs::path first = half(0), second = half(1);
  EXPECT_EQ(GgufModel::open(first).weight_names(), GgufModel::open(path_).weight_names());
  EXPECT_THAT(message_of<FormatError>([&] { GgufModel::open(second); }),
              HasSubstr("expected the first"));
  fs::copy_file(first, second, fs::copy_options::overwrite_existing);
  EXPECT_THAT(message_of<FormatError>([&] { GgufModel::open(first); }),
              HasSubstr("expected part 1 of 2"));
  fs::remove(second);
  EXPECT_THAT(message_of<IoError>([&] { GgufModel::open(first); }), HasSubstr("m-00002-of-00002"));
}

}  // namespace
}  // namespace ashlar
