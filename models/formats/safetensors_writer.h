// SPDX-License-Identifier: Apache-2.0
// Writer of safetensors files, byte for byte as the reference library lays them out: tensors by
// descending element type (hence alignment), then by name; header padded to eight bytes.
#pragma once

#include "models/formats/stored_type.h"
#include "runtime/program/shape.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace ashlar {

struct TensorToWrite {
  std::string name;
  StoredType type;
  Shape shape;
  std::span<const std::byte> data;  // row-major, little-endian; read only during the call
};

// Writes what SafetensorsFile can read back. The file appears under `path` complete or not at all,
// so a file that is open for reading may be replaced. Throws InvalidArgument for tensors that break
// the format's rules and IoError when writing fails.
void write_safetensors(const std::filesystem::path& path, std::vector<TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace ashlar
