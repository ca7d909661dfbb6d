// SPDX-License-Identifier: Apache-2.0
#include "models/generate/discover.h"

#include "models/convert/encoder_to_gguf.h"
#include "models/convert/to_gguf.h"
#include "models/generate/open_model.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DiscoverTest : public testing::Test {
protected:
  void copy(const std::string& golden, const std::string& name) {
    fs::copy(fs::path(ASHLAR_TEST_DATA) / "goldens" / golden, folder_.path() / name,
             fs::copy_options::recursive);
  }
  FoundModel found(const std::string& name) const {
    const auto models = discover_models(folder_.path());
    const auto it = std::ranges::find(models, folder_.path() / name, &FoundModel::path);
    return it == models.end() ? FoundModel{.problem = "not listed"} : *it;
  }

  test::TemporaryFolder folder_;
};

TEST_F(DiscoverTest, ListsDecodersAndEncodersOfEitherFormat) {
  copy("families/qwen3", "decoder");
  copy("encoders/bert", "encoder");
  write_gguf(*open_model(folder_.path() / "decoder"), folder_.path() / "decoder.gguf",
             find_gguf_recipe("q8_0"));
  write_encoder_gguf(*open_encoder(folder_.path() / "encoder"), folder_.path() / "encoder.gguf",
                     find_gguf_recipe("f16"));
  for (const auto& [name, family, quantization] : {std::tuple("decoder", "qwen3", "bf16"),
                                                   {"encoder", "bert", "bf16"},
                                                   {"decoder.gguf", "qwen3", "Q8_0"},
                                                   {"encoder.gguf", "bert", "F16, F32"}}) {
    const FoundModel model = found(name);
    EXPECT_EQ(model.problem, "") << name;
    EXPECT_EQ(model.family, family) << name;
    EXPECT_EQ(model.quantization, quantization) << name;
    EXPECT_GT(model.bytes, 10'000u) << name;
  }
  EXPECT_EQ(discover_models(folder_.path()).size(), 4u);
}

TEST_F(DiscoverTest, ToleratesBrokenOnes) {
  copy("families/qwen3", "good");
  copy("families/qwen3", "cut");
  fs::resize_file(folder_.path() / "cut/model.safetensors", 1000);
  for (const char* name : {"empty", "no_weights", "unknown", "other", "good/module"})
    fs::create_directory(folder_.path() / name);
  folder_.write("empty/config.json", "");
  folder_.write("no_weights/config.json", R"({"model_type":"qwen3"})");
  folder_.write("unknown/config.json", R"({"model_type":"who"})");
  for (const char* config : {"other/config.json", "good/module/config.json"})
    folder_.write(config, R"({"pooling_mode_cls_token":true})");
  folder_.write("broken.gguf", "GGUF");
  EXPECT_EQ(found("good").problem, "");
  for (const char* name : {"cut", "empty", "no_weights", "unknown", "other", "broken.gguf"}) {
    EXPECT_NE(found(name).problem, "") << name;
    EXPECT_NE(found(name).problem, "not listed") << name;
  }
  EXPECT_EQ(found("good/module").problem, "not listed");
  EXPECT_THROW(discover_models(folder_.path() / "nowhere"), IoError);
}

}  // namespace
}  // namespace ashlar
