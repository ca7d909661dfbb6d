// SPDX-License-Identifier: Apache-2.0
#include "models/generate/encoder_source.h"

#include "models/formats/gguf/bert_config.h"
#include "models/formats/gguf/checkpoint.h"
#include "models/formats/gguf/tokenizer.h"
#include "models/formats/json_file.h"
#include "models/formats/loadable_tensors.h"
#include "models/formats/template/chat_template.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"

namespace ashlar {
namespace {

namespace fs = std::filesystem;

// Norms were once called otherwise, and popular checkpoints still have these names.
std::optional<std::string> old_name(std::string_view name) {
  for (const auto& [now, once] :
       {std::pair<std::string_view, std::string_view>("LayerNorm.weight", "LayerNorm.gamma"),
        {"LayerNorm.bias", "LayerNorm.beta"}})
    if (name.ends_with(now))
      return std::string(name.substr(0, name.size() - now.size())).append(once);
  return std::nullopt;
}

class EncoderFolder final : public EncoderSource {
public:
  explicit EncoderFolder(const fs::path& folder)
      : folder_(folder), config_(read_encoder_config(folder)),
        pooling_(read_pooling_config(folder)),
        tensors_(std::make_shared<const Checkpoint>(Checkpoint::open(folder)), std::nullopt) {}

  std::string name() const override { return in_quotes(folder_.native()); }
  const EncoderConfig& config() const override { return config_; }
  const PoolingConfig& pooling() const override { return pooling_; }
  nlohmann::json config_json() const override { return read_json_file(folder_ / "config.json"); }
  std::optional<QuantizationConfig> quantization() const override { return std::nullopt; }
  std::vector<std::string> weight_names() const override { return tensors_.names(); }
  std::optional<WeightSpec> find_weight(std::string_view name) const override {
    const auto tensor = find(name);
    return tensor ? std::optional(WeightSpec{std::string(name), tensor->dtype, tensor->shape, 0})
                  : std::nullopt;
  }
  void read_weight(const WeightSpec& weight, std::uint64_t offset,
                   std::span<std::byte> chunk) const override {
    find(weight.name)->read(offset, chunk);
  }
  std::optional<std::string> tokenizer_json() const override {
    const fs::path path = folder_ / "tokenizer.json";
    return is_present(path) ? std::optional(read_file(path, kMaxTokenizerBytes, "tokenizer"))
                            : std::nullopt;
  }
  std::optional<std::string> chat_template(bool) const override { return std::nullopt; }
  std::map<std::string, std::string> special_tokens() const override {
    return special_tokens_of(folder_);
  }

private:
  std::optional<LoadableTensor> find(std::string_view name) const {
    auto tensor = tensors_.find(name);
    if (!tensor)
      if (const auto old = old_name(name))
        tensor = tensors_.find(*old);
    return tensor;
  }

  fs::path folder_;
  EncoderConfig config_;
  PoolingConfig pooling_;
  LoadableTensors tensors_;
};

class EncoderFile final : public EncoderSource {
public:
  EncoderFile(const fs::path& path, gguf::KScales scales)
      : checkpoint_(gguf::Checkpoint::open(path, scales)),
        config_(parse_encoder_config(checkpoint_.config(), checkpoint_.name())),
        pooling_(gguf::bert_pooling(checkpoint_.files())) {}

  std::string name() const override { return checkpoint_.name(); }
  const EncoderConfig& config() const override { return config_; }
  const PoolingConfig& pooling() const override { return pooling_; }
  nlohmann::json config_json() const override { return checkpoint_.config(); }
  std::optional<QuantizationConfig> quantization() const override {
    return read_quantization(JsonFields(checkpoint_.config(), checkpoint_.name()));
  }
  std::vector<std::string> weight_names() const override {
    std::vector<std::string> names;
    for (const gguf::Tensor& tensor : checkpoint_.tensors())
      names.push_back(tensor.name);
    return names;
  }
  std::optional<WeightSpec> find_weight(std::string_view name) const override {
    const gguf::Tensor* tensor = checkpoint_.find(name);
    return tensor ? std::optional(WeightSpec{tensor->name, tensor->dtype, tensor->shape, 0})
                  : std::nullopt;
  }
  void read_weight(const WeightSpec& weight, std::uint64_t offset,
                   std::span<std::byte> chunk) const override {
    gguf::read(*checkpoint_.find(weight.name), offset, chunk);
  }
  std::optional<std::string> tokenizer_json() const override {
    return gguf::tokenizer_json(checkpoint_.files().fields());
  }
  std::optional<std::string> chat_template(bool) const override { return std::nullopt; }
  std::map<std::string, std::string> special_tokens() const override {
    return gguf::special_tokens(checkpoint_.files().fields());
  }

private:
  gguf::Checkpoint checkpoint_;
  EncoderConfig config_;
  PoolingConfig pooling_;
};

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

}  // namespace

bool is_encoder(const fs::path& path) {
  try {
    if (is_file(path)) {
      const gguf::FileSet files = gguf::FileSet::open(path);
      const std::string* name = files.fields().text("general.architecture");
      return name && gguf::find_architecture(*name, files.name()).is_encoder;
    }
    const nlohmann::json config = read_json_file(path / "config.json");
    const auto type = JsonFields(config, path.native()).text("model_type");
    return type && is_encoder_type(*type);
  } catch (const Error&) {
    return false;  // opening it says why
  }
}

std::unique_ptr<const EncoderSource> open_encoder(const fs::path& path, gguf::KScales scales) {
  if (is_file(path))
    return std::make_unique<const EncoderFile>(path, scales);
  return std::make_unique<const EncoderFolder>(path);
}

}  // namespace ashlar
