// SPDX-License-Identifier: Apache-2.0
#include "models/nn/weights.h"

#include "runtime/array/trace.h"
#include "runtime/program/error.h"

namespace ashlar::nn {

Weights::Weights(TensorTypes types)
    : tensors_(std::make_shared<const Tensors>(
          [types = std::move(types)](const std::string& name) -> std::optional<Array> {
            const std::optional<ArrayType> type = types(name);
            return type ? std::optional(weight({name}, type->dtype, type->shape)) : std::nullopt;
          })) {}

Weights::Weights(ArrayMap tensors)
    : tensors_(std::make_shared<const Tensors>(
          [tensors = std::move(tensors)](const std::string& name) -> std::optional<Array> {
            const auto found = tensors.find(name);
            return found == tensors.end() ? std::nullopt : std::optional(found->second);
          })) {}

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
  return (*tensors_)(full_name(name)).has_value();
}

Array Weights::get(std::string_view name, const Shape& shape) const {
  const std::string full = full_name(name);
  std::optional<Array> tensor = (*tensors_)(full);
  if (!tensor)
    throw InvalidArgument("model", "the checkpoint has no tensor '{}', which config.json asks for",
                          full);
  if (tensor->shape() != shape)
    throw InvalidArgument("model", "tensor '{}': config.json implies {}, the checkpoint has {}",
                          full, shape.to_string(), tensor->shape().to_string());
  return *std::move(tensor);
}

}  // namespace ashlar::nn
