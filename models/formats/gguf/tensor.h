// SPDX-License-Identifier: Apache-2.0
// A tensor of a GGUF file as a checkpoint folder would have it: by the folder's name, with rows in
// the folder's order, and quantised matrices in parts: those of the affine layout
// (models/formats/quantization_config.h), of k-quants packed numbers and scales in two steps
// (runtime/program/k_encoding.h), of experts in MXFP4 blocks and scales (nn::Weights::mxfp4).
#pragma once

#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/file_set.h"
#include "models/formats/row_selection.h"
#include "runtime/program/dtype.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ashlar::gguf {

enum class Part {
  plain,
  packed,
  scales,
  biases,
  k_scales,
  mxfp4_blocks,
  mxfp4_scales,
  input_order,  // i32: for which input each column is
};

struct Tensor {
  std::string name;
  DType dtype{};
  Shape shape;

  StoredTensor stored{};
  Part part = Part::plain;
  std::int64_t head_rows = 0;  // of interleaved rows (Architecture); 0 where rows are in order
  // Of the stored rows and columns, where they are others; rows are counted over all leading axes.
  std::optional<RowSelection> rows = {}, columns = {};
  StoredAs stored_as = StoredAs::itself;
};

// Fills `chunk` with the tensor's bytes from `offset` on. Quantised numbers are taken apart on the
// way, so that no copy of the tensor is made. Throws FormatError where a scale passes the range of
// the tensor's type.
void read(const Tensor& tensor, std::uint64_t offset, std::span<std::byte> chunk);

}  // namespace ashlar::gguf
