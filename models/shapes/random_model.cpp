// SPDX-License-Identifier: Apache-2.0
#include "models/shapes/random_model.h"

#include "models/shapes/published_shapes.h"
#include "runtime/program/error.h"

#include <nlohmann/json.hpp>

#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

namespace ashlar {
namespace {

// One 64-bit draw gives the next eight elements, a byte each.
constexpr std::uint64_t kElementsPerDraw = 8;

// The output function of SplitMix64 (Steele, Lea and Flood 2014), on a counter.
std::uint64_t draw(std::uint64_t seed, std::uint64_t counter) {
  std::uint64_t z = seed + counter * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// FNV-1a: the same on every machine.
std::uint64_t seed_of(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

template <typename Bits> Bits to_bits(float value, DType dtype) {
  if constexpr (sizeof(Bits) == sizeof(float))
    return std::bit_cast<Bits>(value);
  else
    return dtype == DType::bf16 ? float_to_bf16(value) : float_to_f16(value);
}

// Elements [first, first + count) of a tensor whose values are center + [-1, 1) * spread.
template <typename Bits> struct Filler {
  Filler(DType dtype, double center, double spread) {
    for (std::size_t i = 0; i < levels.size(); ++i)
      levels[i] = to_bits<Bits>(
          static_cast<float>(center + spread * (static_cast<double>(i) / 128 - 1)), dtype);
  }

  void fill(std::uint64_t seed, std::uint64_t offset, std::span<std::byte> chunk) const {
    assert(offset % (sizeof(Bits) * kElementsPerDraw) == 0);
    std::uint64_t counter = offset / sizeof(Bits) / kElementsPerDraw;
    for (std::size_t at = 0; at < chunk.size(); ++counter) {
      std::array<Bits, kElementsPerDraw> values;
      const std::uint64_t bits = draw(seed, counter);
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = levels[bits >> (8 * i) & 0xFF];
      const std::size_t bytes = std::min(sizeof values, chunk.size() - at);
      std::memcpy(chunk.data() + at, values.data(), bytes);
      at += bytes;
    }
  }

  std::array<Bits, 256> levels;
};

void fill_words(std::uint64_t seed, std::uint64_t offset, std::span<std::byte> chunk) {
  assert(offset % sizeof(std::uint64_t) == 0);
  std::uint64_t counter = offset / sizeof(std::uint64_t);
  for (std::size_t at = 0; at < chunk.size(); at += sizeof counter) {
    const std::uint64_t bits = draw(seed, counter++);
    std::memcpy(chunk.data() + at, &bits, std::min(sizeof bits, chunk.size() - at));
  }
}

// Half the width of a uniform distribution with variance 1 / columns.
double spread_of(const Shape& shape) {
  return std::sqrt(3.0 / static_cast<double>(shape.dim(-1)));
}

DType checked(DType dtype) {
  if (!is_float(dtype))
    throw InvalidArgument("model", "random weights: expected f32, f16 or bf16, got {}",
                          name_of(dtype));
  return dtype;
}

}  // namespace

RandomModel::RandomModel(const ModelConfig& config, DType dtype,
                         std::optional<AffineEncoding> encoding)
    : config_(config), dtype_(checked(dtype)) {
  if (encoding)
    config_.quantization = QuantizationConfig{*encoding, {}, {}};
  auto tensors = std::make_shared<Tensors>();
  for (const DecoderTensor& tensor : decoder_tensors(config_))
    encoding&& tensor.role == TensorRole::matrix ? add_quantized(*tensors, tensor)
                                                 : add(*tensors, tensor);
  tensors_ = std::move(tensors);
}

void RandomModel::add(Tensors& tensors, const DecoderTensor& tensor) const {
  const bool plain = tensor.role == TensorRole::plain_norm || config_.norm != NormKind::one_plus;
  const bool is_norm = tensor.role == TensorRole::norm || tensor.role == TensorRole::plain_norm;
  tensors[tensor.name] = {.dtype = dtype_,
                          .shape = tensor.shape,
                          .center = is_norm && plain ? 1.0 : 0.0,
                          .spread = is_norm ? 0.0 : spread_of(tensor.shape)};
}

// Numbers q of equal probability become bias + scale * q, from -spread to spread.
void RandomModel::add_quantized(Tensors& tensors, const DecoderTensor& tensor) const {
  const auto& encoding = std::get<AffineEncoding>(*config_.quantization->encoding);
  const std::int64_t rows = tensor.shape.dim(0), columns = tensor.shape.dim(1);
  if (columns % row_unit(encoding) != 0)
    throw InvalidArgument("model", "'{}' {}: groups of {} do not divide its rows", tensor.name,
                          tensor.shape.to_string(), encoding.group_size);
  const std::string module = tensor.name.substr(0, tensor.name.rfind('.'));
  const Shape groups{rows, columns / encoding.group_size};
  const double spread = spread_of(tensor.shape);
  const double steps = static_cast<double>((1 << encoding.bits) - 1);
  tensors[tensor.name] = {.dtype = DType::u32, .shape = {rows, columns * encoding.bits / 32}};
  tensors[module + ".scales"] = {.dtype = dtype_, .shape = groups, .center = 2 * spread / steps};
  tensors[module + ".biases"] = {.dtype = dtype_, .shape = groups, .center = -spread};
}

nlohmann::json RandomModel::config_json() const {
  throw Unsupported("model", "{} has no config.json", name());
}

std::vector<std::string> RandomModel::weight_names() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : *tensors_)
    names.push_back(name);
  return names;
}

std::optional<WeightSpec> RandomModel::find_weight(std::string_view name) const {
  const auto found = tensors_->find(name);
  if (found == tensors_->end())
    return std::nullopt;
  return WeightSpec{std::string(name), found->second.dtype, found->second.shape, 0};
}

void RandomModel::read_weight(const WeightSpec& weight, std::uint64_t offset,
                              std::span<std::byte> chunk) const {
  const Tensor& tensor = tensors_->find(weight.name)->second;
  const std::uint64_t seed = seed_of(weight.name);
  if (weight.dtype == DType::u32)
    fill_words(seed, offset, chunk);
  else if (weight.dtype == DType::f32)
    Filler<std::uint32_t>(weight.dtype, tensor.center, tensor.spread).fill(seed, offset, chunk);
  else
    Filler<std::uint16_t>(weight.dtype, tensor.center, tensor.spread).fill(seed, offset, chunk);
}

RandomModel random_model(std::string_view shape, std::string_view weights) {
  const ModelConfig config = published_shape(shape);
  if (weights == "q4" || weights == "q8")
    return {config, DType::bf16, AffineEncoding{.bits = weights == "q4" ? 4 : 8, .group_size = 64}};
  const auto dtype = parse_dtype(weights);
  if (!dtype || !is_float(*dtype))
    throw InvalidArgument("model", "random weights: expected bf16, f16, f32, q4 or q8, got '{}'",
                          weights);
  return {config, *dtype};
}

}  // namespace ashlar
