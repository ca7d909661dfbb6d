// SPDX-License-Identifier: Apache-2.0
#include "models/quantize/quantize_checkpoint.h"

#include "models/convert/other_files.h"
#include "models/formats/checkpoint.h"
#include "models/formats/json_file.h"
#include "models/formats/model_config.h"
#include "models/formats/safetensors_writer.h"
#include "models/quantize/quantize_matrix.h"
#include "runtime/program/atomic_file.h"
#include "runtime/program/atomic_folder.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <map>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnit = "quantize";
constexpr std::string_view kWeight = ".weight";

// A wrapper's other parts (a vision tower) are not ours to read, so they stay as they are.
bool belongs_to_decoder(std::string_view tensor, const ModelConfig& config) {
  return config.model_type == config.decoder_type || tensor.starts_with("language_model.") ||
         tensor.starts_with("model.language_model.") || tensor.starts_with("lm_head.");
}

bool is_matrix(const TensorInfo& info, const ModelConfig& config) {
  const auto dtype = dtype_of(info.type);
  return info.name.ends_with(kWeight) && info.shape.rank() == 2 && dtype && is_float(*dtype) &&
         belongs_to_decoder(info.name, config);
}

std::string module_of(const TensorInfo& info) {
  return info.name.substr(0, info.name.size() - kWeight.size());
}

class Quantizer {
public:
  Quantizer(const fs::path& model, const fs::path& out, const QuantizeOptions& options)
      : model_(model), options_(options), config_(read_model_config(model)),
        checkpoint_(Checkpoint::open(model)), out_(out, kUnit) {}

  QuantizeSummary run() {
    check();
    std::map<std::string, std::vector<CheckpointTensor>> files;
    for (const CheckpointTensor& tensor : checkpoint_.tensors())
      files[tensor.file->path().filename()].push_back(tensor);
    for (const auto& [name, tensors] : files)
      write_file(name, tensors);
    if (!files.contains("model.safetensors"))
      write_index();
    write_config();
    copy_other_files(model_, out_.path(), kUnit);
    out_.commit();
    return std::move(summary_);
  }

private:
  void check() const {
    if (!is_known(options_.encoding))
      throw InvalidArgument(kUnit, "no encoding with {} bits and groups of {}: expected {}",
                            options_.encoding.bits, options_.encoding.group_size, kKnownEncodings);
    if (config_.quantization)
      throw InvalidArgument(kUnit, "{} is quantised already", in_quotes(model_.native()));
    if (std::ranges::none_of(checkpoint_.tensors(), [&](const CheckpointTensor& tensor) {
          return is_matrix(*tensor.info, config_) && groups_fit(*tensor.info);
        }))
      throw InvalidArgument(kUnit, "{} has no matrix whose rows groups of {} divide",
                            in_quotes(model_.native()), options_.encoding.group_size);
  }

  bool groups_fit(const TensorInfo& info) const {
    return info.shape.dim(1) % row_unit(options_.encoding) == 0;
  }

  void write_file(const std::string& name, const std::vector<CheckpointTensor>& tensors) {
    std::vector<TensorToWrite> written;
    std::vector<QuantizedMatrix> matrices;
    matrices.reserve(tensors.size());  // their bytes are referred to
    for (const CheckpointTensor& tensor : tensors) {
      const TensorInfo& info = *tensor.info;
      summary_.bytes_before += tensor.data().size();
      const bool matrix = is_matrix(info, config_);
      if (matrix && !groups_fit(info))
        summary_.kept.push_back(module_of(info));
      if (matrix && groups_fit(info))
        add_parts(info, matrices.emplace_back(quantize_matrix(tensor, options_.encoding)), written);
      else
        written.push_back({info.name, info.type, info.shape, tensor.data()});
    }
    for (const TensorToWrite& tensor : written) {
      summary_.bytes_after += tensor.data.size();
      places_[tensor.name] = name;
    }
    write_safetensors(out_.path() / name, std::move(written), tensors.front().file->metadata());
  }

  void add_parts(const TensorInfo& info, const QuantizedMatrix& matrix,
                 std::vector<TensorToWrite>& written) {
    const std::string module = module_of(info);
    const std::int64_t rows = info.shape.dim(0), width = info.shape.dim(1);
    const Shape groups{rows, width / options_.encoding.group_size};
    written.push_back({info.name, StoredType::u32, Shape{rows, width * options_.encoding.bits / 32},
                       matrix.packed});
    written.push_back({module + ".scales", info.type, groups, matrix.scales});
    written.push_back({module + ".biases", info.type, groups, matrix.biases});
    summary_.modules.push_back({module, info.shape, matrix.relative_error});
    if (options_.on_module)
      options_.on_module(summary_.modules.back());
  }

  void write_index() const {
    write_json("model.safetensors.index.json",
               {{"metadata", {{"total_size", summary_.bytes_after}}}, {"weight_map", places_}});
  }

  void write_config() const {
    nlohmann::json config = read_json_file(model_ / "config.json");
    nlohmann::json quantization{{"bits", options_.encoding.bits},
                                {"group_size", options_.encoding.group_size},
                                {"mode", "affine"}};
    for (const std::string& module : summary_.kept)
      quantization[module] = false;
    config["quantization"] = config["quantization_config"] = quantization;
    write_json("config.json", config);
  }

  void write_json(std::string_view name, const nlohmann::json& json) const {
    const std::string text = json.dump(2) + "\n";
    AtomicFile file(out_.path() / name, kUnit);
    file.write(std::as_bytes(std::span(text)));
    file.commit();
  }

  fs::path model_;
  const QuantizeOptions& options_;
  ModelConfig config_;
  Checkpoint checkpoint_;
  AtomicFolder out_;
  QuantizeSummary summary_;
  std::map<std::string, std::string> places_;  // tensor -> file
};

}  // namespace

QuantizeSummary quantize_checkpoint(const fs::path& model, const fs::path& out,
                                    const QuantizeOptions& options) {
  return Quantizer(model, out, options).run();
}

}  // namespace ashlar
