// SPDX-License-Identifier: Apache-2.0
// Model folders that are damaged or contradict themselves: typed errors that name the place.
#include "models/compile/load_model.h"
#include "models/formats/safetensors.h"
#include "models/formats/safetensors_writer.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Tensors = std::vector<TensorToWrite>;
using Damage = std::function<void(nlohmann::json& config, Tensors& tensors)>;

constexpr const char* kWeight = "model.layers.1.mlp.up_proj.weight";

class BadModelTest : public testing::Test {
protected:
  BadModelTest() {
    fs::remove_all(folder_);
    fs::copy(fs::path(ASHLAR_TEST_DATA) / "goldens/families/llama", folder_);
  }

  // Rewrites the folder with the damage done.
  void write(const Damage& damage) {
    nlohmann::json config = nlohmann::json::parse(std::ifstream(folder_ / "config.json"));
    const SafetensorsFile file = SafetensorsFile::open(folder_ / "model.safetensors");
    Tensors tensors;
    for (const TensorInfo& info : file.tensors())
      tensors.push_back({info.name, info.type, info.shape, file.data(info)});
    damage(config, tensors);
    write_safetensors(folder_ / "model.safetensors", tensors);
    std::ofstream(folder_ / "config.json") << config;
  }

  std::function<void()> load() const {
    return [this] { load_model(folder_); };
  }

  static TensorToWrite& weight_of(Tensors& tensors) {
    return *std::ranges::find(tensors, kWeight, &TensorToWrite::name);
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "bad_model";
};

TEST_F(BadModelTest, AMissingWeightIsNamed) {
  write([](auto&, Tensors& tensors) {
    std::erase_if(tensors, [](const TensorToWrite& t) { return t.name == kWeight; });
  });
  EXPECT_THAT(load(), ThrowsMessage<InvalidArgument>(
                          AllOf(HasSubstr("has no tensor"), HasSubstr(kWeight))));
}

TEST_F(BadModelTest, AWeightThatContradictsTheConfigIsNamed) {
  write([](nlohmann::json& config, Tensors&) {
    config["intermediate_size"] = config["intermediate_size"].get<int>() + 16;
  });
  EXPECT_THAT(load(), ThrowsMessage<InvalidArgument>(AllOf(HasSubstr("model.layers.0.mlp"),
                                                           HasSubstr("config.json implies"),
                                                           HasSubstr("the checkpoint has"))));
}

TEST_F(BadModelTest, AWeightOfAnotherTypeIsNamed) {
  write([](auto&, Tensors& tensors) { weight_of(tensors).type = StoredType::i16; });
  EXPECT_THAT(load(), ThrowsMessage<InvalidArgument>(
                          AllOf(HasSubstr(kWeight), HasSubstr("is i16, but there are no scales"))));
}

TEST_F(BadModelTest, ATruncatedFileIsRefused) {
  const fs::path file = folder_ / "model.safetensors";
  fs::resize_file(file, fs::file_size(file) - 1);
  EXPECT_THAT(load(), ThrowsMessage<FormatError>(HasSubstr("model.safetensors")));
}

TEST_F(BadModelTest, AnUnknownFamilyIsNamed) {
  write([](nlohmann::json& config, Tensors&) { config["model_type"] = "abacus"; });
  EXPECT_THAT(load(), ThrowsMessage<Unsupported>(HasSubstr("model type \"abacus\"")));
}

TEST_F(BadModelTest, ATokenizerWithoutMergesIsRefused) {
  std::ofstream(folder_ / "tokenizer.json")
      << R"({"version":"1.0","model":{"type":"BPE","vocab":{"a":0}}})";
  EXPECT_THAT(load(), ThrowsMessage<FormatError>(HasSubstr("\"merges\" is missing")));
}

}  // namespace
}  // namespace ashlar
