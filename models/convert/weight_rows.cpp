// SPDX-License-Identifier: Apache-2.0
#include "models/convert/weight_rows.h"

#include "runtime/program/error.h"

#include <cstring>
#include <utility>

namespace ashlar {
namespace {

template <typename Stored, typename Convert>
void convert_all(std::span<const std::byte> bytes, std::span<float> out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored element;
    std::memcpy(&element, bytes.data() + i * sizeof element, sizeof element);
    out[i] = convert(element);
  }
}

}  // namespace

void to_floats(std::span<const std::byte> stored, DType dtype, std::span<float> out) {
  if (dtype == DType::f32)
    convert_all<float>(stored, out, [](float x) { return x; });
  else
    convert_all<std::uint16_t>(stored, out, dtype == DType::f16 ? f16_to_float : bf16_to_float);
}

WeightRows::WeightRows(const CheckpointSource& model, WeightSpec weight)
    : model_(model), weight_(std::move(weight)) {
  if (!is_float(weight_.dtype))
    throw InvalidArgument("convert", "tensor '{}': expected floats, got {}", weight_.name,
                          name_of(weight_.dtype));
  if (weight_.shape.rank() >= 2)
    width_ = static_cast<std::size_t>(weight_.shape.dim(-1));
  if (width_ > 0)
    count_ = weight_.shape.element_count() / static_cast<std::int64_t>(width_);
  stored_.resize(width_ * size_of(weight_.dtype));
}

void WeightRows::read(std::int64_t row, std::span<float> out) {
  model_.read_weight(weight_, static_cast<std::uint64_t>(row) * stored_.size(), stored_);
  to_floats(stored_, weight_.dtype, out);
}

}  // namespace ashlar
