// SPDX-License-Identifier: Apache-2.0
// The tensors of a checkpoint in the types and shapes that programs read. Tensors of runtime types
// are what they are; 64-bit floats become f32; a quantised matrix `m` of any layout becomes
// `m.weight` (u32 words) and `m.scales`, with `m.biases` where it is affine and `m.input_order`
// (i32) where its columns were sorted (quantized/column_order.h). They are computed as they are
// read: no copy of a whole tensor is made.
#pragma once

#include "models/formats/checkpoint.h"
#include "models/formats/quantization_config.h"
#include "models/formats/quantized/quantized_matrix.h"
#include "models/formats/split_projections.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

struct LoadableTensor {
  DType dtype{};
  Shape shape;
  // Writes the bytes from `offset` on; `offset` and the chunk's size are whole elements.
  std::function<void(std::uint64_t offset, std::span<std::byte> chunk)> read;
};

// How matrices of small floats are read: packed, where whole words hold their rows, or as plain
// floats.
enum class SmallFloats { packed, unpacked };

// Immutable and thread-safe.
class LoadableTensors {
public:
  // Throws FormatError for quantised matrices whose parts are missing or do not fit each other,
  // Unsupported for those that cannot be read exactly. Modules that `parts` name become these.
  LoadableTensors(std::shared_ptr<const Checkpoint> checkpoint,
                  const std::optional<QuantizationConfig>& quantization,
                  std::span<const ProjectionPart> parts = {},
                  SmallFloats floats = SmallFloats::packed);

  // Of the tensors that find() knows, sorted: of converted matrices the parts that they become.
  std::vector<std::string> names() const;

  // Throws Unsupported for stored types that no program knows.
  std::optional<LoadableTensor> find(std::string_view name) const;

  // How the matrices are encoded, by module and in the names that find() knows; nothing where the
  // checkpoint is not quantised.
  const std::optional<QuantizationConfig>& quantization() const { return quantization_; }
  // The matrices that are not stored as programs read them.
  const quantized::QuantizedMatrices& converted() const { return matrices_; }

private:
  bool is_part_of_converted(std::string_view stored) const;
  void add_packed(const std::string& module, const quantized::QuantizedMatrix& matrix);
  void add_unpacked(const std::string& module, const quantized::QuantizedMatrix& matrix);
  void add_parts_of(const std::string& name, std::span<const ProjectionPart> parts);

  std::shared_ptr<const Checkpoint> checkpoint_;
  std::optional<QuantizationConfig> quantization_;
  quantized::QuantizedMatrices matrices_;
  // By name; nothing hides a stored tensor.
  std::map<std::string, std::optional<LoadableTensor>, std::less<>> parts_;
};

}  // namespace ashlar
