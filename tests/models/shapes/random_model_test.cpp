// SPDX-License-Identifier: Apache-2.0
// Published shapes and the random numbers that fill them.
#include "models/compile/load_model.h"
#include "models/shapes/published_shapes.h"
#include "models/shapes/random_model.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <numeric>

namespace ashlar {
namespace {

std::int64_t parameters(const ModelConfig& config) {
  std::int64_t count = 0;
  for (const DecoderTensor& tensor : decoder_tensors(config))
    count += tensor.shape.element_count();
  return count;
}

// As their authors state them, or by the formulas of their sizes where they only round.
TEST(PublishedShapes, HaveTheirParameterCounts) {
  const std::map<std::string, std::int64_t> published = {
      {"llama-134m", 134'515'008},     {"llama-3.2-1b", 1'235'814'400},
      {"llama-3.1-8b", 8'030'261'248}, {"qwen3-0.6b", 596'049'920},
      {"qwen3-4b", 4'022'468'096},     {"qwen3-8b", 8'190'735'360},
      {"gemma-2-2b", 2'614'341'888},   {"gemma-3-1b", 999'885'952},
      {"gemma-3-4b", 3'880'263'168},   {"qwen3-30b-a3b", 30'532'122'624},
      {"qwen3.5-9b", 8'953'803'264},   {"qwen3.5-35b-a3b", 34'660'610'688},
      {"mamba2-2.7b", 2'702'599'680}};
  std::map<std::string, std::int64_t> ours;
  for (const std::string& name : published_shape_names())
    ours[name] = parameters(published_shape(name));
  EXPECT_EQ(ours, published);
}

TEST(PublishedShapes, AnUnknownNameListsTheKnownOnes) {
  EXPECT_THAT([] { published_shape("llama-9"); },
              testing::ThrowsMessage<InvalidArgument>(testing::AllOf(
                  testing::HasSubstr("'llama-9'"), testing::HasSubstr("llama-3.2-1b"))));
}

// Tracing asks for every tensor by name and checks its shape.
TEST(PublishedShapes, AllCanBeTraced) {
  for (const std::string& name : published_shape_names()) {
    const RandomModel model(published_shape(name), DType::bf16);
    const DecoderProgram program(model.config(), weights_of(model), {.prefill_sizes = {16}});
    EXPECT_NO_THROW(trace_entries(program.generation_entries())) << name;
  }
}

std::vector<std::byte> bytes_of(const RandomModel& model, const WeightSpec& weight,
                                std::uint64_t chunk) {
  std::vector<std::byte> bytes(byte_count(weight.dtype, weight.shape));
  for (std::uint64_t at = 0; at < bytes.size(); at += chunk)
    model.read_weight(weight, at, std::span(bytes).subspan(at, std::min(chunk, bytes.size() - at)));
  return bytes;
}

TEST(RandomModel, NumbersDoNotDependOnTheChunks) {
  const RandomModel model(published_shape("llama-134m"), DType::bf16);
  const WeightSpec weight{"model.layers.2.mlp.down_proj.weight", DType::bf16, {576, 1536}, 0};
  EXPECT_EQ(bytes_of(model, weight, 1 << 20), bytes_of(model, weight, 4096 + 32));
  const WeightSpec other{"model.layers.3.mlp.down_proj.weight", DType::bf16, {576, 1536}, 0};
  EXPECT_NE(bytes_of(model, weight, 1 << 20), bytes_of(model, other, 1 << 20));
}

TEST(RandomModel, MatricesKeepTheSizeOfActivations) {
  for (DType dtype : {DType::bf16, DType::f16, DType::f32}) {
    const RandomModel model(published_shape("llama-134m"), dtype);
    const WeightSpec weight{"model.layers.0.mlp.gate_proj.weight", dtype, {1536, 576}, 0};
    const std::vector<std::byte> bytes = bytes_of(model, weight, 1 << 20);
    double sum = 0, squares = 0;
    const std::size_t count = bytes.size() / size_of(dtype);
    for (std::size_t i = 0; i < count; ++i) {
      float value;
      std::uint16_t half;
      std::memcpy(&value, bytes.data() + i * size_of(dtype), size_of(dtype) == 4 ? 4 : 0);
      std::memcpy(&half, bytes.data() + i * size_of(dtype), 2);
      if (dtype != DType::f32)
        value = dtype == DType::bf16 ? bf16_to_float(half) : f16_to_float(half);
      sum += value;
      squares += value * value;
    }
    const double n = static_cast<double>(count);
    EXPECT_NEAR(squares / n * 576, 1, 0.01) << name_of(dtype);
    EXPECT_NEAR(sum / n * std::sqrt(576), 0, 0.01) << name_of(dtype);
  }
}

TEST(RandomModel, NormsMultiplyByOne) {
  const RandomModel plain(published_shape("llama-134m"), DType::f32);
  const RandomModel one_plus(published_shape("gemma-3-1b"), DType::f32);
  float value = -1;
  const auto bytes = std::as_writable_bytes(std::span(&value, 1));
  plain.read_weight({"model.norm.weight", DType::f32, {576}, 0}, 0, bytes);
  EXPECT_EQ(value, 1);
  one_plus.read_weight({"model.norm.weight", DType::f32, {1152}, 0}, 0, bytes);
  EXPECT_EQ(value, 0);
}

TEST(RandomModel, QuantisedMatricesSpreadAsWideAsOthers) {
  const RandomModel model = random_model("llama-134m", "q4");
  const nn::Weights weights = weights_of(model);
  const DecoderProgram program(model.config(), weights, {.prefill_sizes = {16}});
  EXPECT_NO_THROW(trace_entries(program.generation_entries()));
  const std::string module = "model.layers.0.mlp.gate_proj";
  std::uint16_t scale = 0, bias = 0;
  model.read_weight({module + ".scales", DType::bf16, {1536, 9}, 0}, 0,
                    std::as_writable_bytes(std::span(&scale, 1)));
  model.read_weight({module + ".biases", DType::bf16, {1536, 9}, 0}, 0,
                    std::as_writable_bytes(std::span(&bias, 1)));
  const double spread = std::sqrt(3.0 / 576);
  EXPECT_NEAR(bf16_to_float(bias), -spread, spread / 100);
  EXPECT_NEAR(bf16_to_float(bias) + 15 * bf16_to_float(scale), spread, spread / 50);
  const WeightSpec words{module + ".weight", DType::u32, {1536, 72}, 0};
  EXPECT_EQ(bytes_of(model, words, 1 << 20), bytes_of(model, words, 4096 + 32));
}

TEST(RandomModel, RefusesGroupsThatDoNotDivideRows) {
  EXPECT_THROW(RandomModel(published_shape("llama-134m"), DType::bf16,
                           AffineEncoding{.bits = 4, .group_size = 128}),
               InvalidArgument);
  EXPECT_THROW(random_model("llama-134m", "q5_k"), InvalidArgument);
}

TEST(RandomModel, RefusesTypesThatAreNoFloats) {
  EXPECT_THROW(RandomModel(published_shape("llama-134m"), DType::i8), InvalidArgument);
}

}  // namespace
}  // namespace ashlar
