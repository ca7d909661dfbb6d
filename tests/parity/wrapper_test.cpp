// SPDX-License-Identifier: Apache-2.0
// Multimodal checkpoints: a golden decoder put into a wrapper's config, under its names, old and
// new, beside a tensor of another tower.
#include "models/compile/logits.h"
#include "models/formats/safetensors_writer.h"
#include "tests/parity/reference.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <fstream>
#include <list>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

struct WrapperCase {
  std::string decoder;  // golden
  std::string model_type;
};

class WrapperTest : public testing::TestWithParam<WrapperCase> {
protected:
  WrapperTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  fs::path golden() const {
    return fs::path(ASHLAR_TEST_DATA) / "goldens/families" / GetParam().decoder;
  }

  // Of the decoder's tensors, `model.` becomes `decoder_prefix`, `lm_head.` `head_prefix`.
  void write(const std::string& decoder_prefix, const std::string& head_prefix) const {
    const nlohmann::json inner = nlohmann::json::parse(std::ifstream(golden() / "config.json"));
    std::ofstream(folder_ / "config.json")
        << nlohmann::json{{"model_type", GetParam().model_type},
                          {"architectures", {"AnyForConditionalGeneration"}},
                          {"vision_config", {{"hidden_size", 32}}},
                          {"text_config", inner}};
    const SafetensorsFile file = SafetensorsFile::open(golden() / "model.safetensors");
    std::vector<TensorToWrite> tensors;
    for (const TensorInfo& info : file.tensors()) {
      const std::size_t dot = info.name.find('.') + 1;
      const bool head = info.name.starts_with("lm_head.");
      tensors.push_back({(head ? head_prefix : decoder_prefix) + info.name.substr(dot), info.type,
                         info.shape, file.data(info)});
    }
    const std::vector<std::byte> patch(8);
    tensors.push_back({"vision_tower.patch.weight", StoredType::bf16, Shape{2, 2}, patch});
    write_safetensors(folder_ / "model.safetensors", tensors);
  }

  void expect_reference_logits() const {
    const test::Reference expected(golden() / "expected.safetensors");
    const auto logits =
        compute_logits(folder_, expected.rows("input_ids"), {.dtype = DType::f32}).front();
    EXPECT_LE(test::nmse(logits.values, expected.floats("logits")), test::kTolerance);
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "wrapped_model";
};

TEST_P(WrapperTest, OldNames) {
  write("language_model.model.", "language_model.lm_head.");
  expect_reference_logits();
}

TEST_P(WrapperTest, NewNames) {
  write("model.language_model.", "lm_head.");
  expect_reference_logits();
}

// MLX's conversion of a hybrid: kernels before the lone axis, ones added to norms but the gated.
TEST(MlxConversion, OfGatedDeltaNets) {
  for (const std::string family : {"qwen3_5", "qwen3_5_moe"}) {
    SCOPED_TRACE(family);
    const fs::path golden = fs::path(ASHLAR_TEST_DATA) / "goldens/families" / family,
                   folder = fs::path(testing::TempDir()) / "mlx_hybrid";
    fs::remove_all(folder);
    fs::create_directories(folder);
    fs::copy_file(golden / "config.json", folder / "config.json");
    const SafetensorsFile file = SafetensorsFile::open(golden / "model.safetensors");
    std::vector<TensorToWrite> tensors;
    std::list<std::vector<float>> norms;
    for (const TensorInfo& info : file.tensors()) {
      TensorToWrite tensor{"language_model." + info.name, info.type, info.shape, file.data(info)};
      if (info.name.ends_with("conv1d.weight"))
        tensor.shape = {info.shape.dim(0), info.shape.dim(2), 1};
      if (info.name.ends_with("norm.weight") && !info.name.ends_with("linear_attn.norm.weight")) {
        std::vector<float>& norm = norms.emplace_back(to_floats(info, file.data(info)));
        for (float& weight : norm)
          weight += 1;
        tensor.type = StoredType::f32;
        tensor.data = std::as_bytes(std::span(norm));
      }
      tensors.push_back(tensor);
    }
    write_safetensors(folder / "model.safetensors", std::move(tensors));
    const test::Reference expected(golden / "expected.safetensors");
    const auto logits =
        compute_logits(folder, expected.rows("input_ids"), {.dtype = DType::f32}).front();
    EXPECT_LE(test::nmse(logits.values, expected.floats("logits")), 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Wrappers, WrapperTest,
                         testing::Values(WrapperCase{"gemma3", "gemma3"},
                                         WrapperCase{"ministral3", "mistral3"},
                                         WrapperCase{"mistral", "mistral3"}),
                         [](const auto& info) { return info.param.decoder; });

}  // namespace
}  // namespace ashlar
