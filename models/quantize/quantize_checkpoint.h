// SPDX-License-Identifier: Apache-2.0
// A model folder in floats to one with quantised matrices, in MLX's layout
// (models/formats/quantization_config.h).
#pragma once

#include "runtime/program/affine_encoding.h"
#include "runtime/program/shape.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ashlar {

struct QuantizedModule {
  std::string name;
  Shape shape;            // [out, in]
  double relative_error;  // see QuantizedMatrix
};

struct QuantizeOptions {
  AffineEncoding encoding;
  std::function<void(const QuantizedModule&)> on_module;  // as soon as it is done; may be empty
};

struct QuantizeSummary {
  std::vector<QuantizedModule> modules;
  std::vector<std::string> kept;  // modules with rows that groups do not divide, left as they are
  std::uint64_t bytes_before = 0, bytes_after = 0;  // of all tensors
};

// Quantises the weight of every linear and embedding module of the decoder in `model` and writes
// the folder `out`: config.json, weights in as many files as before, and copies of the other files
// but weights in other formats. `out` appears complete or not at all; it must not exist, or be
// empty. Throws InvalidArgument for that, for unknown encodings, for models that are quantised
// already and for those without a matrix to quantise; and what reading, evaluating and writing
// throw.
QuantizeSummary quantize_checkpoint(const std::filesystem::path& model,
                                    const std::filesystem::path& out,
                                    const QuantizeOptions& options);

}  // namespace ashlar
