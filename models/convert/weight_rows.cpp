// SPDX-License-Identifier: Apache-2.0
#include "models/convert/weight_rows.h"

#include "runtime/program/error.h"

#include <cstring>

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

WeightRows::WeightRows(const ModelSource& model, const WeightSpec& weight)
    : model_(model), weight_(weight) {
  if (!is_float(weight.dtype))
    throw InvalidArgument("convert", "tensor '{}': expected floats, got {}", weight.name,
                          name_of(weight.dtype));
  if (weight.shape.rank() > 0)
    count_ = weight.shape.dim(0);
  if (count_ > 0)
    width_ = static_cast<std::size_t>(weight.shape.element_count() / count_);
  stored_.resize(width_ * size_of(weight.dtype));
}

void WeightRows::read(std::int64_t row, std::span<float> out) {
  model_.read_weight(weight_, static_cast<std::uint64_t>(row) * stored_.size(), stored_);
  if (weight_.dtype == DType::f32)
    convert_all<float>(stored_, out, [](float x) { return x; });
  else
    convert_all<std::uint16_t>(stored_, out,
                               weight_.dtype == DType::f16 ? f16_to_float : bf16_to_float);
}

}  // namespace ashlar
