// SPDX-License-Identifier: Apache-2.0
// The tensors of a checkpoint folder: `model.safetensors`, or the shards that
// `model.safetensors.index.json` names.
//
// Index and shards must agree exactly: every listed tensor lies in the shard that the index gives
// for it, and every tensor of a shard is listed. So each name stands for one tensor, and a shard
// that is missing or swapped is an error, never a shorter list. The index's `total_size` is not
// relied upon: common writers disagree about tensors that share storage.
#pragma once

#include "models/formats/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ashlar {

// A tensor and the file it lies in. Valid as long as the checkpoint.
struct CheckpointTensor {
  const SafetensorsFile* file;
  const TensorInfo* info;

  std::span<const std::byte> data() const { return file->data(*info); }
};

// Reading from several threads is safe.
class Checkpoint {
public:
  // Throws IoError for absent files, FormatError for broken ones. File names in the index must be
  // plain names within the folder.
  static Checkpoint open(const std::filesystem::path& folder);

  const std::vector<CheckpointTensor>& tensors() const { return tensors_; }  // by name
  std::uint64_t total_bytes() const { return total_bytes_; }                 // of all tensors

  // Null when there is no such tensor.
  const CheckpointTensor* find(std::string_view name) const;
  // Throws FormatError when there is no such tensor.
  const CheckpointTensor& at(std::string_view name) const;

private:
  Checkpoint(std::filesystem::path folder, std::vector<std::unique_ptr<SafetensorsFile>> files);

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;  // their addresses are handed out
  std::vector<CheckpointTensor> tensors_;
  std::uint64_t total_bytes_ = 0;
};

}  // namespace ashlar
