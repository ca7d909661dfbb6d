// SPDX-License-Identifier: Apache-2.0
// Named arrays in files.
#pragma once

#include "runtime/array/transforms.h"

#include <filesystem>

namespace ashlar {

// Every tensor of a safetensors file. f64 loads as f32; element types without a DType are refused.
// Throws IoError, FormatError or Unsupported.
ArrayMap load_safetensors(const std::filesystem::path& path);

// Evaluates the arrays in one submit and writes them; the file appears complete or not at all.
void save_safetensors(const std::filesystem::path& path, const ArrayMap& arrays,
                      const std::map<std::string, std::string>& metadata = {});

// NumPy's formats: one array, or named ones in a zip archive ("NAME.npy"). f64 loads as f32. Throw
// as above, and Unsupported for element types that the other side lacks (bf16, complex).
Array load_npy(const std::filesystem::path& path);
void save_npy(const std::filesystem::path& path, const Array& array);
ArrayMap load_npz(const std::filesystem::path& path);
void save_npz(const std::filesystem::path& path, const ArrayMap& arrays, bool compress = false);

}  // namespace ashlar
