// SPDX-License-Identifier: Apache-2.0
#include "models/convert/to_folder.h"

#include "models/convert/other_files.h"
#include "models/convert/weight_rows.h"
#include "models/formats/quantization_json.h"
#include "models/formats/safetensors_writer.h"
#include "models/generate/encoder_source.h"
#include "models/generate/gguf_model.h"
#include "models/generate/model_files.h"
#include "runtime/program/atomic_file.h"
#include "runtime/program/atomic_folder.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstring>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnit = "convert";

std::string_view config_name(DType dtype) {
  return dtype == DType::f32 ? "float32" : dtype == DType::f16 ? "float16" : "bfloat16";
}

void put(float value, DType dtype, std::byte* out) {
  if (dtype == DType::f32) {
    std::memcpy(out, &value, sizeof value);
    return;
  }
  const std::uint16_t bits = dtype == DType::f16 ? float_to_f16(value) : float_to_bf16(value);
  std::memcpy(out, &bits, sizeof bits);
}

class FolderWriter {
public:
  FolderWriter(const CheckpointSource& model, const fs::path& out, const FolderOptions& options,
               const PoolingConfig* pooling = nullptr)
      : model_(model), options_(options), out_(out, kUnit), pooling_(pooling) {}

  void run(const fs::path& source) {
    plan();
    for (std::size_t i = 0; i < files_.size(); ++i)
      write_file(i);
    if (files_.size() > 1)
      write_index();
    write_config();
    if (fs::is_directory(source))
      copy_other_files(source, out_.path(), kUnit);
    else
      write_text_files();
    if (pooling_ && !fs::is_directory(source))
      write_pooling();
    out_.commit();
  }

private:
  struct Planned {
    WeightSpec weight;  // as the model has it
    DType dtype;        // as it is written
  };

  std::uint64_t bytes_of(const Planned& tensor) const {
    return static_cast<std::uint64_t>(tensor.weight.shape.element_count()) * size_of(tensor.dtype);
  }

  void plan() {
    files_.emplace_back();
    std::uint64_t in_file = 0;
    for (const std::string& name : model_.weight_names()) {
      const WeightSpec weight = *model_.find_weight(name);
      const Planned tensor{weight, is_float(weight.dtype) ? options_.dtype.value_or(weight.dtype)
                                                          : weight.dtype};
      const std::uint64_t bytes = bytes_of(tensor);
      if (in_file > 0 && in_file + bytes > options_.max_file_bytes) {
        files_.emplace_back();
        in_file = 0;
      }
      files_.back().push_back(tensor);
      in_file += bytes;
      total_ += bytes;
    }
  }

  std::string file_name(std::size_t index) const {
    return files_.size() == 1
               ? "model.safetensors"
               : fmt::format("model-{:05}-of-{:05}.safetensors", index + 1, files_.size());
  }

  std::vector<std::byte> read(const Planned& tensor) const {
    std::vector<std::byte> bytes(bytes_of(tensor));
    if (tensor.dtype == tensor.weight.dtype) {
      model_.read_weight(tensor.weight, 0, bytes);
      return bytes;
    }
    WeightRows rows(model_, tensor.weight);
    std::vector<float> row(rows.width());
    std::byte* out = bytes.data();
    for (std::int64_t i = 0; i < rows.count(); ++i) {
      rows.read(i, row);
      for (const float value : row) {
        put(value, tensor.dtype, out);
        out += size_of(tensor.dtype);
      }
    }
    return bytes;
  }

  void write_file(std::size_t index) {
    std::vector<std::vector<std::byte>> data;
    std::vector<TensorToWrite> tensors;
    for (const Planned& tensor : files_[index]) {
      data.push_back(read(tensor));
      tensors.push_back(
          {tensor.weight.name, stored_type_of(tensor.dtype), tensor.weight.shape, data.back()});
    }
    write_safetensors(out_.path() / file_name(index), std::move(tensors), {{"format", "pt"}});
  }

  void write_index() const {
    nlohmann::json places = nlohmann::json::object();
    for (std::size_t i = 0; i < files_.size(); ++i)
      for (const Planned& tensor : files_[i])
        places[tensor.weight.name] = file_name(i);
    write_json("model.safetensors.index.json",
               {{"metadata", {{"total_size", total_}}}, {"weight_map", places}});
  }

  void write_config() const {
    nlohmann::json config = model_.config_json();
    // Other layouts were converted as they were read.
    if (const auto quantization = model_.quantization())
      replace_quantization(*quantization, config);
    if (options_.dtype) {
      config.erase("torch_dtype");
      config["dtype"] = config_name(*options_.dtype);
      if (const auto inner = config.find("text_config"); inner != config.end()) {
        inner->erase("torch_dtype");
        inner->erase("dtype");
      }
    }
    write_json("config.json", config);
  }

  static void replace_quantization(const QuantizationConfig& quantization, nlohmann::json& config) {
    config.erase("quantization_config");
    config.erase("quantization");
    if (const nlohmann::json own = to_json(quantization); !own.is_null())
      config["quantization"] = own;
  }

  void write_text_files() const {
    if (const auto tokenizer = model_.tokenizer_json())
      write_text("tokenizer.json", *tokenizer);
    if (const auto special = model_.special_tokens(); !special.empty())
      write_json("tokenizer_config.json", special);
    if (const auto source = model_.chat_template(false))
      write_text("chat_template.jinja", *source);
  }

  // In the layout of sentence-transformers.
  void write_pooling() const {
    const auto module = [](int index, std::string_view path, std::string_view kind) {
      return nlohmann::json{{"idx", index},
                            {"name", std::to_string(index)},
                            {"path", path},
                            {"type", fmt::format("sentence_transformers.models.{}", kind)}};
    };
    nlohmann::json modules = {module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling")};
    if (pooling_->normalize)
      modules.push_back(module(2, "2_Normalize", "Normalize"));
    write_json("modules.json", modules);
    fs::create_directory(out_.path() / "1_Pooling");
    const bool is_mean = pooling_->pooling == Pooling::mean;
    write_json("1_Pooling/config.json",
               {{"pooling_mode_cls_token", !is_mean}, {"pooling_mode_mean_tokens", is_mean}});
    if (pooling_->max_tokens)
      write_json("sentence_bert_config.json", {{"max_seq_length", *pooling_->max_tokens}});
  }

  void write_json(std::string_view name, const nlohmann::json& json) const {
    write_text(name, json.dump(2) + "\n");
  }

  void write_text(std::string_view name, std::string_view text) const {
    AtomicFile file(out_.path() / name, kUnit);
    file.write(std::as_bytes(std::span(text)));
    file.commit();
  }

  const CheckpointSource& model_;
  const FolderOptions& options_;
  AtomicFolder out_;
  const PoolingConfig* pooling_;  // of text encoders
  std::vector<std::vector<Planned>> files_;
  std::uint64_t total_ = 0;
};

}  // namespace

void write_folder(const fs::path& model, const fs::path& out, const FolderOptions& options) {
  // Other readers of folders know scales and biases only.
  if (is_encoder(model)) {
    const auto encoder = open_encoder(model, gguf::KScales::multiplied);
    FolderWriter(*encoder, out, options, &encoder->pooling()).run(model);
  } else if (fs::is_regular_file(model))
    FolderWriter(GgufModel::open(model, gguf::KScales::multiplied), out, options).run(model);
  else
    FolderWriter(ModelFiles::open(model, TensorForm::for_files), out, options).run(model);
}

}  // namespace ashlar
