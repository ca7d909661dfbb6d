// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/decode.h"

#include "models/formats/gguf/affine_block.h"
#include "runtime/program/error.h"

#include <cstring>

namespace ashlar::gguf {
namespace {

template <typename Stored, typename Convert>
void convert_all(std::span<const std::byte> data, std::span<float> out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored element;
    std::memcpy(&element, data.data() + i * sizeof element, sizeof element);
    out[i] = convert(element);
  }
}

void decode_blocks(BlockType type, std::span<const std::byte> data, std::span<float> out) {
  const auto bytes = static_cast<std::size_t>(block_bytes(type)),
             elements = static_cast<std::size_t>(block_elements(type)),
             group = static_cast<std::size_t>(affine_form(type)->encoding.group_size);
  AffineBlock block;
  for (; !out.empty(); data = data.subspan(bytes), out = out.subspan(elements)) {
    unpack(type, data.first(bytes), block);
    for (std::size_t i = 0; i < elements; ++i)
      out[i] =
          block.scales[i / group] * static_cast<float>(block.numbers[i]) + block.biases[i / group];
  }
}

}  // namespace

bool can_decode(BlockType type) {
  return type == BlockType::f32 || type == BlockType::f16 || type == BlockType::bf16 ||
         type == BlockType::f64 || affine_form(type);
}

void decode(BlockType type, std::span<const std::byte> data, std::span<float> out) {
  if (!can_decode(type))
    throw Unsupported("gguf", "numbers of type {} cannot be decoded", name_of(type));
  const auto bytes = stored_bytes(type, {static_cast<std::int64_t>(out.size())});
  if (bytes != data.size())
    throw InvalidArgument("gguf", "{} bytes of {} are not {} elements", data.size(), name_of(type),
                          out.size());
  switch (type) {
  case BlockType::f32:
    return convert_all<float>(data, out, [](float x) { return x; });
  case BlockType::f64:
    return convert_all<double>(data, out, [](double x) { return static_cast<float>(x); });
  case BlockType::f16:
    return convert_all<std::uint16_t>(data, out, f16_to_float);
  case BlockType::bf16:
    return convert_all<std::uint16_t>(data, out, bf16_to_float);
  default:
    return decode_blocks(type, data, out);
  }
}

}  // namespace ashlar::gguf
