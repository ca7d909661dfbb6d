// SPDX-License-Identifier: Apache-2.0
// Experts that a model has in MXFP4 (nn::Weights::mxfp4) as GGUF's blocks, number for number.
#pragma once

#include "models/generate/model_source.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// What the tensor `name` (`gate_up_proj_blocks`, `gate_proj_blocks`, ...) holds of a stack.
struct Mxfp4Slice {
  std::string tensor;                        // in a layer of the GGUF file: "ffn_gate_exps.weight"
  Shape shape;                               // of the numbers [E, out, in]
  std::int64_t first_row = 0, row_step = 1;  // of each expert's rows
};

// Nothing for other tensors. Gate and up are every other row of one tensor.
std::vector<Mxfp4Slice> slice_mxfp4(std::string_view name, const Shape& shape);

// Whether `name` is that of scales that belong to blocks.
bool is_mxfp4_scales(std::string_view name);

// The blocks of a slice of `blocks`. Throws InvalidArgument when the model has no scales that fit.
std::vector<std::byte> read_mxfp4(const ModelSource& model, const WeightSpec& blocks,
                                  const Mxfp4Slice& slice);

}  // namespace ashlar
