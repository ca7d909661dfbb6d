// SPDX-License-Identifier: Apache-2.0
// A golden in shards, quantised, against itself.
#include "models/quantize/quantize_checkpoint.h"

#include "models/compile/logits.h"
#include "models/formats/checkpoint.h"
#include "models/formats/model_config.h"
#include "models/formats/safetensors_writer.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"
#include "tests/parity/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <fstream>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

class QuantizeTest : public testing::Test {
protected:
  // The golden's tensors in two files with an index; a tokenizer, weights in another format and a
  // folder beside them.
  QuantizeTest() {
    const fs::path golden = fs::path(ASHLAR_TEST_DATA) / "goldens/families/qwen3";
    fs::create_directory(model());
    fs::copy_file(golden / "config.json", model() / "config.json");
    std::ofstream(model() / "tokenizer.json") << "{}";
    std::ofstream(model() / "pytorch_model.bin") << "x";
    fs::create_directory(model() / "original");
    const Checkpoint checkpoint = Checkpoint::open(golden);
    std::vector<std::vector<TensorToWrite>> shards(2);
    nlohmann::json map;
    for (const CheckpointTensor& tensor : checkpoint.tensors()) {
      const std::size_t shard = map.size() % 2;
      shards[shard].push_back(
          {tensor.info->name, tensor.info->type, tensor.info->shape, tensor.data()});
      map[tensor.info->name] = file_name(shard);
    }
    for (std::size_t shard = 0; shard < 2; ++shard)
      write_safetensors(model() / file_name(shard), shards[shard], {{"format", "pt"}});
    std::ofstream(model() / "model.safetensors.index.json")
        << nlohmann::json{{"weight_map", map}}.dump();
  }

  static std::string file_name(std::size_t shard) {
    return fmt::format("model-0000{}-of-00002.safetensors", shard + 1);
  }

  fs::path model() const { return folder_.path() / "model"; }
  fs::path out() const { return folder_.path() / "out"; }

  std::vector<float> logits(const fs::path& folder) const {
    return compute_logits(folder, {{3, 1, 4, 1, 5, 9, 2, 6, 5, 35}}, {.dtype = DType::f32})[0]
        .values;
  }

  double distance(const fs::path& folder) const {
    return test::nmse(logits(folder), logits(model()));
  }

  test::TemporaryFolder folder_;
};

TEST_F(QuantizeTest, WritesTheModelAgain) {
  std::vector<std::string> seen;
  const QuantizeSummary summary = quantize_checkpoint(
      model(), out(), {.encoding = {8, 32}, .on_module = [&](const QuantizedModule& module) {
                         seen.push_back(module.name);
                       }});
  EXPECT_EQ(seen.size(), summary.modules.size());
  EXPECT_THAT(summary.kept, IsEmpty());
  for (const QuantizedModule& module : summary.modules) {
    EXPECT_GT(module.relative_error, 1e-4) << module.name;
    EXPECT_LT(module.relative_error, 1e-2) << module.name;
  }
  const Checkpoint written = Checkpoint::open(out());
  EXPECT_EQ(written.total_bytes(), summary.bytes_after);
  EXPECT_LT(summary.bytes_after, summary.bytes_before);
  for (const CheckpointTensor& tensor : written.tensors())
    EXPECT_THAT(tensor.file->metadata(), ElementsAre(std::pair("format", "pt")));
  EXPECT_EQ(read_model_config(out()).quantization,
            (QuantizationConfig{AffineEncoding{8, 32}, {}, {}}));
  EXPECT_EQ(test::read_bytes(out() / "tokenizer.json"), "{}");
  EXPECT_FALSE(fs::exists(out() / "pytorch_model.bin"));
  EXPECT_LT(distance(out()), 1e-3);
}

TEST_F(QuantizeTest, FewerBitsAreFurtherAway) {
  quantize_checkpoint(model(), out(), {.encoding = {4, 32}});
  EXPECT_GT(distance(out()), 1e-3);
}

TEST_F(QuantizeTest, KeepsMatricesThatGroupsDoNotDivide) {
  const QuantizeSummary summary = quantize_checkpoint(model(), out(), {.encoding = {8, 128}});
  EXPECT_FALSE(summary.kept.empty());
  const auto quantization = read_model_config(out()).quantization;
  for (const std::string& module : summary.kept)
    EXPECT_EQ(quantization->encoding_of(module), std::nullopt) << module;
  EXPECT_LT(distance(out()), 1e-3);
}

TEST_F(QuantizeTest, LeavesNothingBehindWhenItFails) {
  const auto stop = [](const QuantizedModule&) { throw Cancelled("test", "enough"); };
  EXPECT_THROW(quantize_checkpoint(model(), out(), {.encoding = {8, 32}, .on_module = stop}),
               Cancelled);
  EXPECT_EQ(folder_.file_count(), 1);  // the model alone
}

TEST_F(QuantizeTest, RefusesTargetsThatAreNotFree) {
  fs::create_directory(out());
  std::ofstream(out() / "something") << "x";
  EXPECT_THAT([&] { quantize_checkpoint(model(), out(), {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("exists already")));
  EXPECT_THAT([&] { quantize_checkpoint(model(), model(), {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("exists already")));
  EXPECT_THROW(quantize_checkpoint(model(), folder_.path() / "no/where", {.encoding = {8, 32}}),
               IoError);
}

}  // namespace
}  // namespace ashlar
