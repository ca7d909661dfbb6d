// SPDX-License-Identifier: Apache-2.0
// One tensor of a GGUF file out of floats.
#pragma once

#include "models/formats/gguf/block_type.h"
#include "models/formats/model_config.h"
#include "runtime/program/shape.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace ashlar {

struct WrittenTensor {
  std::string name;  // in the file
  gguf::BlockType type;
  Shape shape;
  double relative_error;  // root mean square of what changed, relative to that of the tensor
};

// Fills `out` with row `row` as the model has it. Rows lie along the last axis; of a vector, each
// element is one.
using ReadRow = std::function<void(std::int64_t row, std::span<float> out)>;

// The tensor's blocks, with rows and norms as the model's architecture stores them
// (gguf::Architecture); sets its error. Throws what gguf::encode and `read_row` throw.
std::vector<std::byte> encode_rows(const ModelConfig& config, const ReadRow& read_row,
                                   WrittenTensor& written);

}  // namespace ashlar
