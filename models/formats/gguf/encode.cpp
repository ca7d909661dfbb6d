// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/encode.h"

#include "models/formats/gguf/block_writer.h"
#include "models/formats/gguf/encode_k.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ashlar::gguf {
namespace {

template <typename Convert>
void convert_all(std::span<const float> values, std::span<std::byte> out, Convert convert) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto element = convert(values[i]);
    std::memcpy(out.data() + i * sizeof element, &element, sizeof element);
  }
}

std::uint8_t number_of(float value, float most) {
  return static_cast<std::uint8_t>(std::clamp(std::nearbyint(value), 0.0f, most));
}

float inverse(float scale) {
  return scale == 0 ? 0 : 1 / scale;
}

// Numbers of 4 bits, or 5 with the high ones in front.
void put_numbers(BlockWriter& block, std::size_t first, bool has_fifth_bits,
                 std::span<const std::uint8_t> numbers) {
  std::uint32_t high = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    high |= static_cast<std::uint32_t>(numbers[i] >> 4 & 1) << i;
  if (has_fifth_bits)
    block.word32(first, high);
  const std::size_t at = first + (has_fifth_bits ? 4 : 0);
  for (std::size_t i = 0; i < 16; ++i)
    block.byte(at + i, (numbers[i] & 15u) | (numbers[16 + i] & 15u) << 4);
}

// The number of largest magnitude is met exactly: it is -half times the scale.
void encode_symmetric(std::span<const float> values, int half, BlockWriter block) {
  const float edge = *std::ranges::max_element(values, {}, [](float x) { return std::abs(x); });
  const float scale = block.half(0, edge / static_cast<float>(-half));
  std::array<std::uint8_t, 32> numbers;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = number_of(values[i] * inverse(scale) + static_cast<float>(half),
                           static_cast<float>(2 * half - 1));
  put_numbers(block, 2, half == 16, numbers);
}

void encode_with_minimum(std::span<const float> values, int most, BlockWriter block) {
  const auto [low, high] = std::ranges::minmax(values);
  const float scale = block.half(0, (high - low) / static_cast<float>(most));
  const float minimum = block.half(2, low);
  std::array<std::uint8_t, 32> numbers;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = number_of((values[i] - minimum) * inverse(scale), static_cast<float>(most));
  put_numbers(block, 4, most == 31, numbers);
}

void encode_q8_0(std::span<const float> values, BlockWriter block) {
  const float edge =
      std::abs(*std::ranges::max_element(values, {}, [](float x) { return std::abs(x); }));
  const float scale = block.half(0, edge / 127);
  for (std::size_t i = 0; i < values.size(); ++i)
    block.byte(2 + i, number_of(values[i] * inverse(scale) + 128, 255) ^ 0x80u);
}

void encode_block(BlockType type, std::span<const float> values, BlockWriter block) {
  switch (type) {
  case BlockType::q4_0:
    return encode_symmetric(values, 8, block);
  case BlockType::q5_0:
    return encode_symmetric(values, 16, block);
  case BlockType::q4_1:
    return encode_with_minimum(values, 15, block);
  case BlockType::q5_1:
    return encode_with_minimum(values, 31, block);
  case BlockType::q8_0:
    return encode_q8_0(values, block);
  case BlockType::q2_k:
    return encode_q2_k(values, block);
  case BlockType::q3_k:
    return encode_q3_k(values, block);
  case BlockType::q4_k:
  case BlockType::q5_k:
    return encode_q4_or_q5_k(values, type == BlockType::q5_k, block);
  case BlockType::q6_k:
    return encode_q6_k(values, block);
  default:
    throw Unsupported("gguf", "numbers cannot be stored as {}", name_of(type));
  }
}

}  // namespace

void encode(BlockType type, std::span<const float> values, std::span<std::byte> out) {
  const auto needed = stored_bytes(type, {std::ssize(values)});
  if (needed != out.size())
    throw InvalidArgument("gguf", "{} numbers do not fill {} bytes of {}", values.size(),
                          out.size(), name_of(type));
  if (type == BlockType::f32)
    return convert_all(values, out, [](float x) { return x; });
  if (type == BlockType::f16)
    return convert_all(values, out, float_to_f16);
  if (type == BlockType::bf16)
    return convert_all(values, out, float_to_bf16);
  if (!std::ranges::all_of(values, [](float x) { return std::isfinite(x); }))
    throw InvalidArgument("gguf", "numbers that are not finite cannot be stored as {}",
                          name_of(type));
  const auto elements = static_cast<std::size_t>(block_elements(type)),
             bytes = static_cast<std::size_t>(block_bytes(type));
  for (; !values.empty(); values = values.subspan(elements), out = out.subspan(bytes))
    encode_block(type, values.first(elements), BlockWriter(out.first(bytes)));
}

}  // namespace ashlar::gguf
