// SPDX-License-Identifier: Apache-2.0
#include "models/formats/stored_type.h"

#include "runtime/program/error.h"

#include <array>
#include <cstddef>

namespace ashlar {
namespace {

struct Row {
  StoredType type;
  std::string_view name;
  int bits;
  std::optional<DType> dtype;
};

constexpr std::array<Row, kStoredTypeCount> kRows = {{
    {StoredType::boolean, "BOOL", 8, DType::boolean},
    {StoredType::f4, "F4", 4, {}},
    {StoredType::f6_e2m3, "F6_E2M3", 6, {}},
    {StoredType::f6_e3m2, "F6_E3M2", 6, {}},
    {StoredType::u8, "U8", 8, DType::u8},
    {StoredType::i8, "I8", 8, DType::i8},
    {StoredType::f8_e5m2, "F8_E5M2", 8, {}},
    {StoredType::f8_e4m3, "F8_E4M3", 8, {}},
    {StoredType::f8_e8m0, "F8_E8M0", 8, {}},
    {StoredType::f8_e4m3fnuz, "F8_E4M3FNUZ", 8, {}},
    {StoredType::f8_e5m2fnuz, "F8_E5M2FNUZ", 8, {}},
    {StoredType::i16, "I16", 16, DType::i16},
    {StoredType::u16, "U16", 16, DType::u16},
    {StoredType::f16, "F16", 16, DType::f16},
    {StoredType::bf16, "BF16", 16, DType::bf16},
    {StoredType::i32, "I32", 32, DType::i32},
    {StoredType::u32, "U32", 32, DType::u32},
    {StoredType::f32, "F32", 32, DType::f32},
    {StoredType::c64, "C64", 64, {}},
    {StoredType::f64, "F64", 64, {}},
    {StoredType::i64, "I64", 64, DType::i64},
    {StoredType::u64, "U64", 64, DType::u64},
}};

constexpr bool rows_follow_the_enum() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].type) != i)
      return false;
  return true;
}
static_assert(rows_follow_the_enum());

const Row& row(StoredType type) {
  return kRows[static_cast<std::size_t>(type)];
}

}  // namespace

int bits_of(StoredType type) {
  return row(type).bits;
}

std::string_view name_of(StoredType type) {
  return row(type).name;
}

std::optional<StoredType> parse_stored_type(std::string_view name) {
  for (const Row& r : kRows)
    if (r.name == name)
      return r.type;
  return std::nullopt;
}

std::optional<DType> dtype_of(StoredType type) {
  return row(type).dtype;
}

StoredType stored_type_of(DType dtype) {
  for (const Row& r : kRows)
    if (r.dtype == dtype)
      return r.type;
  throw Unsupported("safetensors", "no stored type for {}", name_of(dtype));
}

}  // namespace ashlar
