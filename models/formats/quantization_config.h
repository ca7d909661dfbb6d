// SPDX-License-Identifier: Apache-2.0
// Which matrices of an MLX checkpoint are quantised and how, as config.json says.
//
// A quantised module `m` has `m.weight` (packed u32 words [out, in * bits / 32]), `m.scales` and
// `m.biases` [out, in / group_size]; `m.bias` stays the bias of a linear layer.
#pragma once

#include "models/formats/json_fields.h"
#include "runtime/program/affine_encoding.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar {

struct QuantizationConfig {
  AffineEncoding encoding;  // of modules that are not listed
  // By the module's name in the checkpoint. Nothing: the module is not quantised.
  std::map<std::string, std::optional<AffineEncoding>, std::less<>> modules;

  std::optional<AffineEncoding> encoding_of(std::string_view module) const;

  bool operator==(const QuantizationConfig&) const = default;
};

// Reads `quantization`, or `quantization_config` in the same form; nothing when there is neither,
// or for the method mxfp4, whose tensors name themselves (`gate_up_proj_blocks`). Throws
// FormatError for wrong values, Unsupported for other methods, modes and encodings.
std::optional<QuantizationConfig> read_quantization(const JsonFields& config);

}  // namespace ashlar
