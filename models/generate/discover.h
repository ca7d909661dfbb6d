// SPDX-License-Identifier: Apache-2.0
// Finds models on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ashlar {

struct FoundModel {
  std::filesystem::path path;  // what open_model takes, or open_encoder
  std::string family;          // ModelConfig::decoder_type, or an encoder's model type
  std::string quantization;    // "4 bits, groups of 64", "Q4_K, Q6_K", or the type of floats
  std::uint64_t bytes = 0;     // of its tensors
  std::string problem;         // why it cannot be loaded; empty for models that can
};

// Model folders and GGUF files in `folder` and below, by path: whatever has a config.json or a name
// that ends in .gguf, of split files the first part. Broken and unknown ones are listed with their
// problem; a config without a model type in a folder within a model's belongs to that model.
// Links to folders are not followed, folders that may not be read are passed over. Throws IoError
// when `folder` itself cannot be read.
std::vector<FoundModel> discover_models(const std::filesystem::path& folder);

}  // namespace ashlar
