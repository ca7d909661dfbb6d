// SPDX-License-Identifier: Apache-2.0
// A GGUF model as the checkpoint folder that it could have been made from: config.json,
// tokenizer.json, chat template, and tensors under the folder's names.
#pragma once

#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/tensor.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ashlar::gguf {

// How matrices in k-quants and IQ4_XS are scaled: in two steps as they are stored, or, as in a
// folder, by scales and biases in f32.
enum class KScales { two_steps, multiplied };

// Reading from several threads is safe.
class Checkpoint {
public:
  // Throws IoError, FormatError, and Unsupported for architectures, element types and tensors that
  // are not known here.
  static Checkpoint open(const std::filesystem::path& path, KScales scales = KScales::two_steps);

  const FileSet& files() const { return files_; }
  const std::string& name() const { return files_.name(); }
  // Quantised modules are listed under `quantization`.
  const nlohmann::json& config() const { return config_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }  // by name
  // Null when there is no such tensor.
  const Tensor* find(std::string_view name) const;

private:
  Checkpoint(FileSet files, KScales scales);

  bool is_draft(std::string_view name) const;
  void add(const StoredTensor& stored, const Architecture& architecture);
  // `stored_name`: as Architecture knows it; what is not set in `tensor` is set here.
  void add(Tensor tensor, const std::string& stored_name, const Architecture& architecture);
  void add_gates(const StoredTensor& stored, const Architecture& architecture);
  void add_rates(const StoredTensor& stored, const Architecture& architecture);
  void order_heads(Tensor& tensor) const;
  void add_affine(Tensor tensor);
  void add_input_order(const std::string& module, Tensor& tensor);
  void add_mxfp4(Tensor tensor);

  FileSet files_;
  KScales scales_;
  nlohmann::json config_;
  std::vector<Tensor> tensors_;
};

}  // namespace ashlar::gguf
