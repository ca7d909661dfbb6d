// SPDX-License-Identifier: Apache-2.0
// Element types of safetensors files. They are more than the runtime computes with: F64, 8-bit and
// smaller floats are storage only and need a conversion.
#pragma once

#include "runtime/program/dtype.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ashlar {

// In the order by which files are laid out, last first: alignment never falls along the list.
enum class StoredType : std::uint8_t {
  boolean,
  f4,       // e2m1, two in a byte
  f6_e2m3,  // four in three bytes
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,  // e4m3fn: no infinities
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

inline constexpr int kStoredTypeCount = 22;

int bits_of(StoredType type);  // of one element

// The spelling in files: "BF16", "F8_E4M3", ...
std::string_view name_of(StoredType type);
std::optional<StoredType> parse_stored_type(std::string_view name);

// The runtime type with the same bytes; none for the storage-only types.
std::optional<DType> dtype_of(StoredType type);
// Throws Unsupported for complex64.
StoredType stored_type_of(DType dtype);

}  // namespace ashlar
