// SPDX-License-Identifier: Apache-2.0
// Which matrices of a checkpoint are quantised and how, as config.json says. Other layouts than
// MLX's are converted as they are read: see LoadableTensors.
//
// In MLX's layout a quantised module `m` has `m.weight` (packed u32 words [out, in * bits / 32]),
// `m.scales` and, for affine encodings, `m.biases` [out, in / group_size]; `m.bias` stays the bias
// of a linear layer.
#pragma once

#include "models/formats/json_fields.h"
#include "runtime/program/matrix_encoding.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ashlar {

struct MlxLayout {
  bool operator==(const MlxLayout&) const = default;
};
struct GptqLayout {
  std::int64_t zero_offset = 1;  // to be added to stored zeros: 1 in version 1, 0 in version 2
  bool operator==(const GptqLayout&) const = default;
};
struct AwqLayout {
  bool operator==(const AwqLayout&) const = default;
};
// ModelOpt's, too. Where scales are by block.
struct CompressedTensorsLayout {
  std::int64_t block_rows = 128, block_columns = 128;
  bool operator==(const CompressedTensorsLayout&) const = default;
};
struct Fp8Layout {
  std::int64_t block_rows = 128, block_columns = 128;
  bool operator==(const Fp8Layout&) const = default;
};
using QuantizedLayout =
    std::variant<MlxLayout, GptqLayout, AwqLayout, CompressedTensorsLayout, Fp8Layout>;

struct QuantizationConfig {
  std::optional<MatrixEncoding> encoding;  // of modules that are not listed
  // By the module's name in the checkpoint. Nothing: the module is not quantised.
  std::map<std::string, std::optional<MatrixEncoding>, std::less<>> modules;
  // Other layouts state encodings in the tensors, not here.
  QuantizedLayout layout;

  std::optional<MatrixEncoding> encoding_of(std::string_view module) const;

  bool operator==(const QuantizationConfig&) const = default;
};

// Reads `quantization` or `quantization_config`; nothing when there is neither, or for the method
// mxfp4, whose tensors name themselves (`gate_up_proj_blocks`). Throws FormatError for wrong
// values, Unsupported for other methods, modes and encodings.
std::optional<QuantizationConfig> read_quantization(const JsonFields& config);

// For people: "4 bits, groups of 64; 2 modules differ", or the layout's name where the tensors say
// the rest.
std::string describe(const MatrixEncoding& encoding);
std::string describe(const QuantizationConfig& quantization);

}  // namespace ashlar
