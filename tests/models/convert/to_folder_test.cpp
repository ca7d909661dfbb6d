// SPDX-License-Identifier: Apache-2.0
#include "models/convert/to_folder.h"

#include "models/convert/to_gguf.h"
#include "models/formats/checkpoint.h"
#include "models/generate/model_files.h"
#include "models/generate/open_model.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

class ToFolderTest : public testing::Test {
protected:
  const fs::path golden_ = fs::path(ASHLAR_TEST_DATA) / "goldens/families/qwen3";
  const fs::path pebble_ = fs::path(ASHLAR_CHECKPOINTS) / "pebble-4m";
  test::TemporaryFolder folder_;
  const fs::path out_ = folder_.path() / "out", file_ = folder_.path() / "m.gguf";
};

void expect_same_tensors(const fs::path& actual, const fs::path& expected) {
  const Checkpoint a = Checkpoint::open(actual), b = Checkpoint::open(expected);
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (const CheckpointTensor& tensor : b.tensors()) {
    const CheckpointTensor& other = a.at(tensor.info->name);
    EXPECT_EQ(other.info->type, tensor.info->type);
    EXPECT_EQ(other.info->shape, tensor.info->shape);
    EXPECT_TRUE(std::ranges::equal(other.data(), tensor.data())) << tensor.info->name;
  }
}

TEST_F(ToFolderTest, SplitsIntoFilesWithAnIndex) {
  write_folder(golden_, out_, {.max_file_bytes = 100'000});
  EXPECT_FALSE(fs::exists(out_ / "model.safetensors"));
  EXPECT_TRUE(fs::exists(out_ / "model.safetensors.index.json"));
  expect_same_tensors(out_, golden_);
  for (const fs::directory_entry& entry : fs::directory_iterator(out_))
    if (entry.path().extension() == ".safetensors")
      EXPECT_LT(entry.file_size(), 120'000u);
  EXPECT_EQ(read_model_config(out_).hash, read_model_config(golden_).hash);
}

TEST_F(ToFolderTest, KeepsFoldersOfFiles) {
  const fs::path model = folder_.path() / "model";
  fs::copy(golden_, model);
  for (const char* name : {"additional_chat_templates", "1_Pooling", "onnx", ".cache"})
    fs::create_directory(model / name);
  folder_.write("model/additional_chat_templates/tool_use.jinja", "{{ tools }}");
  folder_.write("model/1_Pooling/config.json", "{}");
  folder_.write("model/onnx/model.onnx", "weights");
  folder_.write("model/.cache/lock", "");
  write_folder(model, out_, {});
  EXPECT_TRUE(fs::exists(out_ / "additional_chat_templates/tool_use.jinja"));
  EXPECT_TRUE(fs::exists(out_ / "1_Pooling/config.json"));
  EXPECT_FALSE(fs::exists(out_ / "onnx"));
  EXPECT_FALSE(fs::exists(out_ / ".cache"));
}

TEST_F(ToFolderTest, ChangesTheTypeOfFloats) {
  write_folder(golden_, out_, {.dtype = DType::f32});
  EXPECT_EQ(read_model_config(out_).dtype, DType::f32);
  const Checkpoint written = Checkpoint::open(out_);
  for (const CheckpointTensor& tensor : written.tensors())
    EXPECT_EQ(tensor.info->type, StoredType::f32);
  // And back, without loss.
  write_folder(out_, folder_.path() / "back", {.dtype = DType::bf16});
  expect_same_tensors(folder_.path() / "back", golden_);
}

TEST_F(ToFolderTest, GgufAndBackIsTheSameModel) {
  write_gguf(*open_model(pebble_), file_, find_gguf_recipe("bf16"));
  write_folder(file_, out_, {.dtype = DType::bf16});
  expect_same_tensors(out_, pebble_);
  EXPECT_EQ(test::read_bytes(out_ / "tokenizer.json"),
            test::read_bytes(pebble_ / "tokenizer.json"));
  const ModelFiles before = ModelFiles::open(pebble_), after = ModelFiles::open(out_);
  EXPECT_EQ(after.chat_template(false), before.chat_template(false));
  EXPECT_EQ(after.stop_tokens(), before.stop_tokens());
  EXPECT_EQ(after.special_tokens().at("eos_token"), before.special_tokens().at("eos_token"));
}

TEST_F(ToFolderTest, CopiesWhatIsNoWeight) {
  write_folder(pebble_, out_, {});
  EXPECT_TRUE(fs::exists(out_ / "tokenizer.json"));
  EXPECT_TRUE(fs::exists(out_ / "generation_config.json"));
  expect_same_tensors(out_, pebble_);
}

// Programs read the projections of delta nets in four parts; other readers know two.
TEST_F(ToFolderTest, KeepsProjectionsTogether) {
  const fs::path hybrid = fs::path(ASHLAR_TEST_DATA) / "goldens/families/qwen3_next";
  write_folder(hybrid, out_, {});
  expect_same_tensors(out_, hybrid);
}

// Of GPTQ, what it becomes is written.
TEST_F(ToFolderTest, WritesOtherLayoutsAsTheyAreRead) {
  const fs::path gptq = fs::path(ASHLAR_TEST_DATA) / "quantized/gptq";
  write_folder(gptq, out_, {});
  const ModelFiles before = ModelFiles::open(gptq), after = ModelFiles::open(out_);
  const std::string module = "model.layers.0.mlp.up_proj";
  EXPECT_THAT(before.weight_names(), testing::Contains(module + ".biases"));
  EXPECT_THAT(before.weight_names(), testing::Not(testing::Contains(module + ".qzeros")));
  EXPECT_EQ(after.weight_names(), before.weight_names());
  EXPECT_EQ(after.config().quantization->encoding_of(module),
            before.config().quantization->encoding_of(module));
  for (const std::string& name : before.weight_names()) {
    const WeightSpec a = *before.find_weight(name), b = *after.find_weight(name);
    ASSERT_EQ(b.dtype, a.dtype) << name;
    ASSERT_EQ(b.shape, a.shape) << name;
    std::vector<std::byte> expected(static_cast<std::size_t>(a.shape.element_count()) *
                                    size_of(a.dtype)),
        actual(expected.size());
    before.read_weight(a, 0, expected);
    after.read_weight(b, 0, actual);
    EXPECT_EQ(actual, expected) << name;
  }
}

TEST_F(ToFolderTest, RefusesTargetsThatAreNotFree) {
  fs::create_directory(out_);
  std::ofstream(out_ / "something") << "x";
  EXPECT_THAT([&] { write_folder(golden_, out_, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("exists already")));
}

TEST_F(ToFolderTest, RefusesWhatIsQuantisedAsASourceOfGguf) {
  const fs::path quantised = fs::path(ASHLAR_TEST_DATA) / "goldens/quantised/q4_qwen3";
  EXPECT_THAT([&] { write_gguf(*open_model(quantised), file_, find_gguf_recipe("f16")); },
              ThrowsMessage<InvalidArgument>(HasSubstr("is quantised already")));
  EXPECT_FALSE(fs::exists(file_));
  EXPECT_THAT([] { find_gguf_recipe("q9"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected one of f32, f16")));
}

}  // namespace
}  // namespace ashlar
