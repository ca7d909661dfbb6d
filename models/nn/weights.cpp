// SPDX-License-Identifier: Apache-2.0
#include "models/nn/weights.h"

#include "runtime/array/movement.h"
#include "runtime/array/quantization.h"
#include "runtime/array/trace.h"
#include "runtime/program/error.h"
#include "runtime/program/k_encoding.h"

namespace ashlar::nn {

Weights::Weights(TensorTypes types, std::optional<QuantizationConfig> quantization)
    : source_(std::make_shared<const Source>(
          [types](const std::string& name) -> std::optional<Array> {
            const std::optional<ArrayType> type = types(name);
            return type ? std::optional(weight({name}, type->dtype, type->shape)) : std::nullopt;
          },
          [types](const std::vector<std::string>& names) {
            const ArrayType type = *types(names.front());
            std::vector<std::int64_t> dims = type.shape.dims();
            dims.insert(dims.begin(), static_cast<std::int64_t>(names.size()));
            return weight(names, type.dtype, Shape(dims));
          },
          std::move(quantization))) {}

Weights::Weights(ArrayMap tensors) {
  const auto shared = std::make_shared<const ArrayMap>(std::move(tensors));
  source_ = std::make_shared<const Source>(
      [shared](const std::string& name) -> std::optional<Array> {
        const auto found = shared->find(name);
        return found == shared->end() ? std::nullopt : std::optional(found->second);
      },
      [shared](const std::vector<std::string>& names) {
        std::vector<Array> arrays;
        for (const std::string& name : names)
          arrays.push_back(shared->at(name));
        return stack(arrays, 0);
      },
      std::nullopt);
}

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

std::optional<Shape> Weights::find_shape(std::string_view name) const {
  const auto tensor = source_->tensors(full_name(name));
  return tensor ? std::optional(tensor->shape()) : std::nullopt;
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

Array Weights::mxfp4(std::string_view name, const Shape& shape) const {
  std::vector<std::int64_t> dims = shape.dims();
  if (dims.back() % kPackedBlock != 0)
    throw InvalidArgument("model", "'{}': blocks of {} do not divide its {} columns",
                          full_name(name), kPackedBlock, dims.back());
  dims.back() /= kPackedBlock;
  const Array scales = tensor(fmt::format("{}_scales", name), Shape(dims));
  dims.push_back(kPackedBlock / 2);
  const Array blocks = tensor(fmt::format("{}_blocks", name), Shape(dims));
  if (blocks.dtype() != DType::u8 || scales.dtype() != DType::u8)
    throw InvalidArgument("model", "'{}': expected u8 blocks and scales, got {} and {}",
                          full_name(name), name_of(blocks.dtype()), name_of(scales.dtype()));
  return dequantize_mxfp4(blocks, scales);
}

Array Weights::matrix(const Shape& shape) const {
  require_inputs_in_order();
  return ordered_matrix(shape).matrix;
}

Weights::OrderedMatrix Weights::ordered_matrix(const Shape& shape) const {
  const auto part = [this](std::string_view name, const Shape& of) { return tensor(name, of); };
  OrderedMatrix ordered{matrix(shape, part), std::nullopt};
  if (has("input_order"))
    ordered.input_order = tensor("input_order", {shape.dim(-1)});
  return ordered;
}

void Weights::require_inputs_in_order() const {
  if (has("input_order"))
    throw Unsupported("model", "'{}': groups of columns out of order are not supported here",
                      prefix_);
}

Array Weights::matrix(const Shape& shape, const Parts& parts) const {
  if (has("scales"))
    return dequantized(shape, parts);
  const Array matrix = parts("weight", shape);
  if (!is_float(matrix.dtype()))
    throw InvalidArgument("model", "tensor '{}' is {}, but there are no scales '{}'",
                          full_name("weight"), name_of(matrix.dtype()), full_name("scales"));
  return matrix;
}

Array Weights::dequantized(const Shape& shape, const Parts& parts) const {
  const auto listed =
      source_->quantization ? source_->quantization->encoding_of(prefix_) : std::nullopt;
  if (!listed)
    throw InvalidArgument(
        "model", "'{}' has scales, but config.json does not say how it is quantised", prefix_);
  if (const auto* floats = std::get_if<FloatEncoding>(&*listed))
    return small_floats(shape, parts, *floats);
  const auto* encoding = std::get_if<AffineEncoding>(&*listed);
  const bool in_two_steps =
      !has("biases") && source_->tensors(full_name("scales"))->dtype() == DType::u32;
  const std::int64_t in = shape.dim(-1), unit = in_two_steps ? kSuperBlock : row_unit(*encoding);
  if (in % unit != 0)
    throw InvalidArgument("model", "'{}': groups of {} do not divide its {} columns", prefix_, unit,
                          in);
  std::vector<std::int64_t> groups = shape.dims(), words = groups;
  words.back() = in * encoding->bits / 32;
  if (in_two_steps) {
    groups.back() = in / kSuperBlock * kSuperBlockScaleWords;
    return two_step_matrix(parts("weight", Shape(words)), parts("scales", Shape(groups)),
                           encoding->bits);
  }
  groups.back() = in / encoding->group_size;
  const QuantizedArray quantised{parts("weight", Shape(words)), parts("scales", Shape(groups)),
                                 parts("biases", Shape(groups)), *encoding};
  const DType packed = quantised.packed.dtype(), scales = quantised.scales.dtype(),
              biases = quantised.biases.dtype();
  if (packed != DType::u32 || !is_float(scales) || scales != biases)
    throw InvalidArgument("model",
                          "'{}': expected u32 words with scales and biases of one float type, got "
                          "{}, {} and {}",
                          prefix_, name_of(packed), name_of(scales), name_of(biases));
  return dequantize(quantised);
}

Array Weights::small_floats(const Shape& shape, const Parts& parts,
                            const FloatEncoding& encoding) const {
  const std::int64_t in = shape.dim(-1), unit = std::max(encoding.group_size, kPackedBlock);
  if (in % unit != 0)
    throw InvalidArgument("model", "'{}': groups of {} do not divide its {} columns", prefix_, unit,
                          in);
  std::vector<std::int64_t> groups = shape.dims(), words = groups;
  words.back() = in * encoding.bits() / 32;
  groups.back() = in / encoding.group_size;
  const Array packed = parts("weight", Shape(words)), scales = parts("scales", Shape(groups));
  if (packed.dtype() != DType::u32 || !is_float(scales.dtype()))
    throw InvalidArgument("model",
                          "'{}': expected u32 words with scales of a float type, got {} and {}",
                          prefix_, name_of(packed.dtype()), name_of(scales.dtype()));
  return dequantize_float(packed, scales, encoding);
}

Array Weights::two_step_matrix(const Array& packed, const Array& scales, std::int64_t bits) const {
  if (packed.dtype() != DType::u32)
    throw InvalidArgument("model", "'{}': expected u32 words, got {}", prefix_,
                          name_of(packed.dtype()));
  return dequantize_k(packed, scales, bits);
}

Weights::OrderedMatrix stacked_matrices(const std::vector<Weights>& modules, const Shape& shape) {
  const Weights& first = modules.front();
  const auto stacked = [&](std::string_view name, const Shape& part) {
    const Shape one(std::vector(part.dims().begin() + 1, part.dims().end()));
    const DType dtype = first.tensor(name, one).dtype();
    std::vector<std::string> names;
    for (const Weights& module : modules) {
      names.push_back(module.full_name(name));
      if (const DType other = module.tensor(name, one).dtype(); other != dtype)
        throw InvalidArgument("model", "'{}' is {}, but '{}' is {}", names.front(), name_of(dtype),
                              names.back(), name_of(other));
    }
    return first.source_->stack(names);
  };
  const auto& quantization = first.source_->quantization;
  for (const Weights& module : modules) {
    if (module.has("input_order") != first.has("input_order"))
      throw InvalidArgument("model", "only one of '{}' and '{}' has its inputs in another order",
                            first.prefix_, module.prefix_);
    if (quantization && first.has("scales") &&
        quantization->encoding_of(module.prefix_) != quantization->encoding_of(first.prefix_))
      throw InvalidArgument("model", "'{}' and '{}' are quantised differently", first.prefix_,
                            module.prefix_);
  }
  std::vector<std::int64_t> dims = shape.dims();
  dims.insert(dims.begin(), static_cast<std::int64_t>(modules.size()));
  Weights::OrderedMatrix result{first.matrix(Shape(dims), stacked), std::nullopt};
  if (first.has("input_order"))
    result.input_order = stacked("input_order", {dims.front(), dims.back()});
  return result;
}

}  // namespace ashlar::nn
