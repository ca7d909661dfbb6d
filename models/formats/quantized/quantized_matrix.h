// SPDX-License-Identifier: Apache-2.0
// A matrix of a quantised checkpoint in terms of the packed encodings that kernels read, whatever
// the layout of the files: words, scales and biases are computed from what is stored when they are
// asked for.
#pragma once

#include "models/formats/quantized/stored_matrix.h"
#include "runtime/program/dtype.h"
#include "runtime/program/matrix_encoding.h"
#include "runtime/program/shape.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar::quantized {

// Rows are counted over all leading axes. Borrows the checkpoint; thread-safe.
struct QuantizedMatrix {
  Shape shape;  // [..., in], in numbers
  MatrixEncoding encoding;
  DType scale_dtype{};

  // None of small floats that no whole blocks of an encoding hold; these have only values.
  std::function<std::uint32_t(std::int64_t row, std::int64_t word)> word;
  std::function<float(std::int64_t row, std::int64_t group)> scale;
  std::function<float(std::int64_t row, std::int64_t group)> bias;    // of affine encodings
  std::function<float(std::int64_t row, std::int64_t column)> value;  // of small floats
  // Column k stands for input input_order[k]; empty: for input k.
  std::vector<std::int32_t> input_order;
  // Of small floats times their scales: bf16 where that holds them exactly, else f16.
  DType unpacked_dtype{};
};

// By module: "model.layers.0.self_attn.q_proj".
using QuantizedMatrices = std::map<std::string, QuantizedMatrix, std::less<>>;

// Numbers q as a layout stores them: (q - zero) * scale, with a scale and a zero for every
// `group_size` numbers of a row.
struct StoredNumbers {
  std::int64_t rows = 0, columns = 0, bits = 0, group_size = 0;
  DType scale_dtype{};
  std::function<std::uint32_t(std::int64_t row, std::int64_t word)> word{};
  std::function<float(std::int64_t row, std::int64_t group)> scale{};
  std::function<std::int64_t(std::int64_t row, std::int64_t group)> zero{};
  std::vector<std::int32_t> input_order{};  // see QuantizedMatrix
};

// Products zero * scale that do not fit `scale_dtype` make scales and biases f32: exact for scales
// of 16 bits. Throws
// Unsupported, naming `module`, where no encoding has so many bits or groups of that kind.
QuantizedMatrix make_affine(std::string_view module, const StoredNumbers& numbers);

// The largest of the known groups that divides a stored group and the row, if there is one.
std::optional<std::int64_t> group_within(std::int64_t stored_group, std::int64_t columns);

// The runtime's type of a tensor of 16- or 32-bit floats.
DType float_type_of(const StoredMatrix& matrix);

// Tensors `module` + `suffix` for all modules of the checkpoint that have one.
std::map<std::string, StoredMatrix> tensors_with_suffix(const Checkpoint& checkpoint,
                                                        std::string_view suffix);
// Throws FormatError when the module lacks it.
StoredMatrix part_of(const Checkpoint& checkpoint, std::string_view module,
                     std::string_view suffix);

}  // namespace ashlar::quantized
