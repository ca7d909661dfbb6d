// SPDX-License-Identifier: Apache-2.0
#include "models/shapes/random_model.h"

#include "runtime/program/error.h"

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

double center_of(const DecoderTensor& tensor, const ModelConfig& config) {
  return tensor.role == TensorRole::norm && config.norm == NormKind::plain ? 1 : 0;
}

double spread_of(const DecoderTensor& tensor) {
  if (tensor.role == TensorRole::norm)
    return 0;
  const std::int64_t columns = tensor.shape.dim(tensor.shape.rank() - 1);
  return std::sqrt(3.0 / static_cast<double>(columns));
}

DType checked(DType dtype) {
  if (!is_float(dtype))
    throw InvalidArgument("model", "random weights: expected f32, f16 or bf16, got {}",
                          name_of(dtype));
  return dtype;
}

}  // namespace

RandomModel::RandomModel(const ModelConfig& config, DType dtype)
    : config_(config), dtype_(checked(dtype)) {
  auto tensors = std::make_shared<Tensors>();
  for (DecoderTensor& tensor : decoder_tensors(config_))
    tensors->emplace(tensor.name, tensor);
  tensors_ = std::move(tensors);
}

std::optional<WeightSpec> RandomModel::find_weight(std::string_view name) const {
  const auto found = tensors_->find(name);
  if (found == tensors_->end())
    return std::nullopt;
  return WeightSpec{std::string(name), dtype_, found->second.shape, 0};
}

void RandomModel::read_weight(const WeightSpec& weight, std::uint64_t offset,
                              std::span<std::byte> chunk) const {
  const DecoderTensor& tensor = tensors_->find(weight.name)->second;
  const double center = center_of(tensor, config_), spread = spread_of(tensor);
  const std::uint64_t seed = seed_of(weight.name);
  if (weight.dtype == DType::f32)
    Filler<std::uint32_t>(weight.dtype, center, spread).fill(seed, offset, chunk);
  else
    Filler<std::uint16_t>(weight.dtype, center, spread).fill(seed, offset, chunk);
}

}  // namespace ashlar
