// SPDX-License-Identifier: Apache-2.0
// Quantised blocks in group-affine form (runtime/program/affine_encoding.h): in every type that is
// read here, number i of a block stands for scales[i / group] * numbers[i] + biases[i / group].
//
// The form loses nothing: scales and biases are exact in the type named for them, products with the
// numbers are exact in f32, and the sum rounds where ggml's decoders round. So it serves both as
// the definition of what a block means and for the matrices that kernels multiply packed.
#pragma once

#include "models/formats/gguf/block_type.h"
#include "runtime/program/affine_encoding.h"
#include "runtime/program/dtype.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ashlar::gguf {

struct AffineForm {
  AffineEncoding encoding;
  DType scales;  // in which scales and biases are exact, but for magnitudes beyond its range

  bool operator==(const AffineForm&) const = default;
};

// None for floats, integers and types that are not read.
std::optional<AffineForm> affine_form(BlockType type);

inline constexpr std::size_t kMaxBlock = 256;
inline constexpr std::size_t kMinGroup = 16;

struct AffineBlock {
  std::array<std::uint8_t, kMaxBlock> numbers;
  std::array<float, kMaxBlock / kMinGroup> scales;  // one per group
  std::array<float, kMaxBlock / kMinGroup> biases;
};

// Fills the first block_elements(type) numbers and their groups. `block`: block_bytes(type) bytes
// of a type that has an affine form.
void unpack(BlockType type, std::span<const std::byte> block, AffineBlock& out);

}  // namespace ashlar::gguf
