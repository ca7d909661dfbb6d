// SPDX-License-Identifier: Apache-2.0
#include "models/nn/weights.h"

#include "runtime/array/quantization.h"
#include "runtime/array/trace.h"
#include "runtime/program/error.h"

namespace ashlar::nn {

Weights::Weights(TensorTypes types, std::optional<QuantizationConfig> quantization)
    : source_(std::make_shared<const Source>(
          [types = std::move(types)](const std::string& name) -> std::optional<Array> {
            const std::optional<ArrayType> type = types(name);
            return type ? std::optional(weight({name}, type->dtype, type->shape)) : std::nullopt;
          },
          std::move(quantization))) {}

Weights::Weights(ArrayMap tensors)
    : source_(std::make_shared<const Source>(
          [tensors = std::move(tensors)](const std::string& name) -> std::optional<Array> {
            const auto found = tensors.find(name);
            return found == tensors.end() ? std::nullopt : std::optional(found->second);
          },
          std::nullopt)) {}

std::string Weights::full_name(std::string_view name) const {
  return prefix_.empty() ? std::string(name) : fmt::format("{}.{}", prefix_, name);
}

Weights Weights::operator/(std::string_view name) const {
  Weights below = *this;
  below.prefix_ = full_name(name);
  return below;
}

Weights Weights::operator/(std::int64_t index) const {
  return *this / std::string_view(std::to_string(index));
}

std::string_view Weights::name() const {
  const std::string_view prefix = prefix_;
  return prefix.substr(prefix.rfind('.') + 1);
}

bool Weights::has(std::string_view name) const {
  return source_->tensors(full_name(name)).has_value();
}

Array Weights::tensor(std::string_view name, const Shape& shape) const {
  const std::string full = full_name(name);
  std::optional<Array> tensor = source_->tensors(full);
  if (!tensor)
    throw InvalidArgument("model", "the checkpoint has no tensor '{}', which config.json asks for",
                          full);
  if (tensor->shape() != shape)
    throw InvalidArgument("model", "tensor '{}': config.json implies {}, the checkpoint has {}",
                          full, shape.to_string(), tensor->shape().to_string());
  return *std::move(tensor);
}

Array Weights::get(std::string_view name, const Shape& shape) const {
  Array array = tensor(name, shape);
  if (!is_float(array.dtype()))
    throw InvalidArgument("model", "tensor '{}': expected a float type, got {}", full_name(name),
                          name_of(array.dtype()));
  return array;
}

Array Weights::matrix(const Shape& shape) const {
  if (has("scales"))
    return dequantized(shape);
  const Array matrix = tensor("weight", shape);
  if (!is_float(matrix.dtype()))
    throw InvalidArgument("model", "tensor '{}' is {}, but there are no scales '{}'",
                          full_name("weight"), name_of(matrix.dtype()), full_name("scales"));
  return matrix;
}

Array Weights::dequantized(const Shape& shape) const {
  const auto encoding =
      source_->quantization ? source_->quantization->encoding_of(prefix_) : std::nullopt;
  if (!encoding)
    throw InvalidArgument(
        "model", "'{}' has scales, but config.json does not say how it is quantised", prefix_);
  const std::int64_t out = shape.dim(0), in = shape.dim(1);
  if (in % row_unit(*encoding) != 0)
    throw InvalidArgument("model", "'{}': groups of {} do not divide its {} columns", prefix_,
                          row_unit(*encoding), in);
  const Shape groups{out, in / encoding->group_size};
  const QuantizedArray parts{tensor("weight", {out, in * encoding->bits / 32}),
                             tensor("scales", groups), tensor("biases", groups), *encoding};
  if (parts.packed.dtype() != DType::u32 || !is_float(parts.scales.dtype()) ||
      parts.scales.dtype() != parts.biases.dtype())
    throw InvalidArgument("model",
                          "'{}': expected u32 words with scales and biases of one float type, got "
                          "{}, {} and {}",
                          prefix_, name_of(parts.packed.dtype()), name_of(parts.scales.dtype()),
                          name_of(parts.biases.dtype()));
  return dequantize(parts);
}

}  // namespace ashlar::nn
