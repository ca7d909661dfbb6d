// SPDX-License-Identifier: Apache-2.0
#include "models/formats/pooling_config.h"

#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using testing::HasSubstr;

// modules.json with a transformer, these modules, and a pooling module's config.
class PoolingConfigTest : public testing::Test {
protected:
  PoolingConfig read(const std::string& modules, const std::string& pooling = "{}") const {
    fs::create_directories(folder_.path() / "1_Pooling");
    folder_.write("modules.json", "[" + modules + "]");
    folder_.write("1_Pooling/config.json", pooling);
    return read_pooling_config(folder_.path());
  }

  const std::string pooling_ = R"({"type":"sentence_transformers.models.Pooling",)"
                               R"("path":"1_Pooling"})";
  const test::TemporaryFolder folder_;
};

TEST_F(PoolingConfigTest, WithoutModulesItIsThePlainMean) {
  const PoolingConfig c = read_pooling_config(folder_.path());
  EXPECT_EQ(c.pooling, Pooling::mean);
  EXPECT_FALSE(c.normalize);
  EXPECT_EQ(c.max_tokens, std::nullopt);
}

TEST_F(PoolingConfigTest, ModesAndNormalize) {
  const PoolingConfig cls =
      read(pooling_ + R"(,{"type":"sentence_transformers.models.Normalize","path":"2_Normalize"})",
           R"({"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false,)"
           R"("pooling_mode_max_tokens":false,"include_prompt":true})");
  EXPECT_EQ(cls.pooling, Pooling::cls);
  EXPECT_TRUE(cls.normalize);
  const PoolingConfig mean =
      read(R"({"type":"sentence_transformers.models.Transformer","path":""},)" + pooling_,
           R"({"pooling_mode_mean_tokens":true})");
  EXPECT_EQ(mean.pooling, Pooling::mean);
  EXPECT_FALSE(mean.normalize);
}

TEST_F(PoolingConfigTest, MaxTokens) {
  folder_.write("sentence_bert_config.json", R"({"max_seq_length":256})");
  EXPECT_EQ(read_pooling_config(folder_.path()).max_tokens, 256);
  folder_.write("sentence_bert_config.json", R"({"max_seq_length":2})");
  EXPECT_THAT(message_of<FormatError>([&] { read_pooling_config(folder_.path()); }),
              HasSubstr("max_seq_length: expected an integer in [3, "));
}

TEST_F(PoolingConfigTest, RefusesOtherModulesAndModes) {
  const auto unsupported = [&](const std::string& modules, const std::string& pooling) {
    return message_of<Unsupported>([&] { read(modules, pooling); });
  };
  EXPECT_THAT(
      unsupported(R"({"type":"sentence_transformers.models.Dense","path":"2_Dense"})", "{}"),
      HasSubstr("module \"sentence_transformers.models.Dense\" is not supported"));
  EXPECT_THAT(unsupported(pooling_, R"({"pooling_mode_max_tokens":true})"),
              HasSubstr("pooling_mode_max_tokens is not supported"));
  EXPECT_THAT(unsupported(pooling_, R"({"pooling_mode_cls_token":true,)"
                                    R"("pooling_mode_mean_tokens":true})"),
              HasSubstr("is not supported beside another mode"));
  EXPECT_THAT(message_of<FormatError>([&] { read(pooling_); }),
              HasSubstr("expected a pooling mode that is on"));
  for (const char* path : {"..", "/etc", "a/b", "../1_Pooling"})
    EXPECT_THAT(message_of<FormatError>(
                    [&] { read(R"({"type":"x.Pooling","path":")" + std::string(path) + "\"}"); }),
                HasSubstr("path: expected the plain name of a folder"));
  folder_.write("modules.json", "{}");
  EXPECT_THAT(message_of<FormatError>([&] { read_pooling_config(folder_.path()); }),
              HasSubstr("expected a list of modules"));
}

}  // namespace
}  // namespace ashlar
