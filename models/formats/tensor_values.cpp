// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tensor_values.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <bit>
#include <cstring>
#include <utility>

namespace ashlar {
namespace {

static_assert(std::endian::native == std::endian::little, "stored tensors are little-endian");

constexpr std::string_view kUnit = "safetensors";

// Reads elements of type Stored one by one, as the bytes need not be aligned.
template <typename Stored, typename Value, typename Convert>
std::vector<Value> convert_all(std::span<const std::byte> data, Convert convert) {
  std::vector<Value> values(data.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored element;
    std::memcpy(&element, data.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(element);
  }
  return values;
}

template <typename Stored> std::vector<float> floats_of(std::span<const std::byte> data) {
  return convert_all<Stored, float>(data, [](Stored x) { return static_cast<float>(x); });
}

template <typename Stored> std::vector<std::int64_t> integers_of(std::span<const std::byte> data) {
  return convert_all<Stored, std::int64_t>(data, [](Stored x) {
    if (!std::in_range<std::int64_t>(x))
      throw InvalidArgument(kUnit, "value {} passes 2^63-1", x);
    return static_cast<std::int64_t>(x);
  });
}

[[noreturn]] void refuse(const TensorInfo& info, std::string_view wanted) {
  throw Unsupported(kUnit, "tensor {}: {} cannot be read as {}", in_quotes(info.name),
                    name_of(info.type), wanted);
}

void check_size(const TensorInfo& info, std::span<const std::byte> data) {
  if (data.size() != info.end - info.begin)
    throw InvalidArgument(kUnit, "tensor {}: expected {} bytes, got {}", in_quotes(info.name),
                          info.end - info.begin, data.size());
}

}  // namespace

std::vector<float> to_floats(const TensorInfo& info, std::span<const std::byte> data) {
  check_size(info, data);
  switch (info.type) {
  case StoredType::boolean:
  case StoredType::u8:
    return floats_of<std::uint8_t>(data);
  case StoredType::i8:
    return floats_of<std::int8_t>(data);
  case StoredType::u16:
    return floats_of<std::uint16_t>(data);
  case StoredType::i16:
    return floats_of<std::int16_t>(data);
  case StoredType::u32:
    return floats_of<std::uint32_t>(data);
  case StoredType::i32:
    return floats_of<std::int32_t>(data);
  case StoredType::u64:
    return floats_of<std::uint64_t>(data);
  case StoredType::i64:
    return floats_of<std::int64_t>(data);
  case StoredType::f16:
    return convert_all<std::uint16_t, float>(data, f16_to_float);
  case StoredType::bf16:
    return convert_all<std::uint16_t, float>(data, bf16_to_float);
  case StoredType::f32:
    return floats_of<float>(data);
  case StoredType::f64:
    return floats_of<double>(data);
  default:
    refuse(info, "floats");
  }
}

std::vector<std::int64_t> to_integers(const TensorInfo& info, std::span<const std::byte> data) {
  check_size(info, data);
  switch (info.type) {
  case StoredType::boolean:
  case StoredType::u8:
    return integers_of<std::uint8_t>(data);
  case StoredType::i8:
    return integers_of<std::int8_t>(data);
  case StoredType::u16:
    return integers_of<std::uint16_t>(data);
  case StoredType::i16:
    return integers_of<std::int16_t>(data);
  case StoredType::u32:
    return integers_of<std::uint32_t>(data);
  case StoredType::i32:
    return integers_of<std::int32_t>(data);
  case StoredType::u64:
    return integers_of<std::uint64_t>(data);
  case StoredType::i64:
    return integers_of<std::int64_t>(data);
  default:
    refuse(info, "integers");
  }
}

}  // namespace ashlar
