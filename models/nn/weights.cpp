// SPDX-License-Identifier: Apache-2.0
#include "models/nn/weights.h"

#include "runtime/array/trace.h"
#include "runtime/program/error.h"

namespace ashlar::nn {

Weights::Weights(TensorTypes types, std::string prefix)
    : types_(std::make_shared<const TensorTypes>(std::move(types))), prefix_(std::move(prefix)) {}

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
  return (*types_)(full_name(name)).has_value();
}

Array Weights::get(std::string_view name, const Shape& shape) const {
  const std::string full = full_name(name);
  const auto type = (*types_)(full);
  if (!type)
    throw InvalidArgument("model", "the checkpoint has no tensor '{}', which config.json asks for",
                          full);
  if (!is_float(type->dtype))
    throw InvalidArgument("model", "tensor '{}': expected a float type, got {}", full,
                          name_of(type->dtype));
  if (type->shape != shape)
    throw InvalidArgument("model", "tensor '{}': config.json implies {}, the checkpoint has {}",
                          full, shape.to_string(), type->shape.to_string());
  return weight({full}, type->dtype, type->shape);
}

}  // namespace ashlar::nn
