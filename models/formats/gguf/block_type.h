// SPDX-License-Identifier: Apache-2.0
// Element types of GGUF tensors. Quantised ones store a fixed number of adjacent elements of a row
// as one block of bytes.
#pragma once

#include "runtime/program/shape.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ashlar::gguf {

// The numbers are those in files.
enum class BlockType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q8_1 = 9,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  q8_k = 15,
  iq2_xxs = 16,
  iq2_xs = 17,
  iq3_xxs = 18,
  iq1_s = 19,
  iq4_nl = 20,
  iq3_s = 21,
  iq2_s = 22,
  iq4_xs = 23,
  i8 = 24,
  i16 = 25,
  i32 = 26,
  i64 = 27,
  f64 = 28,
  iq1_m = 29,
  bf16 = 30,
  tq1_0 = 34,
  tq2_0 = 35,
  mxfp4 = 39,
  nvfp4 = 40,
  q1_0 = 41,
  q2_0 = 42,
};

// None for numbers that no type has, or no longer has.
std::optional<BlockType> find_block_type(std::uint32_t number);

// "Q4_K", "BF16", ...
std::string_view name_of(BlockType type);

std::int64_t block_elements(BlockType type);
std::int64_t block_bytes(BlockType type);

// Bytes that a tensor takes; none when a dimension is negative, blocks do not divide its rows, or
// the size passes 2^60.
std::optional<std::uint64_t> stored_bytes(BlockType type, const Shape& shape);

}  // namespace ashlar::gguf
