// SPDX-License-Identifier: Apache-2.0
// How a GGUF file says how rope is scaled.
#pragma once

#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/file_set.h"

#include <nlohmann/json.hpp>

#include <vector>

namespace ashlar::gguf {

// The tensor `rope_freqs.weight`, by which each frequency is divided. Throws FormatError unless it
// is a vector of F32.
std::optional<std::vector<float>> rope_divisors(const FileSet& files);

// `rope_scaling` of a config.json; none where rope is not scaled. `fields`: the architecture's.
std::optional<nlohmann::json> rope_scaling(const FileSet& files, const Fields& fields,
                                           const Architecture& architecture);

}  // namespace ashlar::gguf
