// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar-kernel-run/buffer_spec.h"

#include "runtime/program/error.h"

#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <random>

namespace ashlar {
namespace {

constexpr std::int64_t kMaxCount = std::int64_t{1} << 28;

template <typename T> void store(std::byte* target, T value) {
  std::memcpy(target, &value, sizeof value);
}

template <typename T> T load(const std::byte* source) {
  T value;
  std::memcpy(&value, source, sizeof value);
  return value;
}

void store_element(std::byte* target, DType dtype, double value) {
  const auto integer = static_cast<std::int64_t>(is_float(dtype) ? 0 : value);
  switch (dtype) {
  case DType::f32:
    return store(target, static_cast<float>(value));
  case DType::f16:
    return store(target, float_to_f16(static_cast<float>(value)));
  case DType::bf16:
    return store(target, float_to_bf16(static_cast<float>(value)));
  default:
    std::memcpy(target, &integer, size_of(dtype));
  }
}

std::string element_text(const std::byte* source, DType dtype) {
  switch (dtype) {
  case DType::boolean:
  case DType::u8:
    return fmt::to_string(load<std::uint8_t>(source));
  case DType::u16:
    return fmt::to_string(load<std::uint16_t>(source));
  case DType::u32:
    return fmt::to_string(load<std::uint32_t>(source));
  case DType::u64:
    return fmt::to_string(load<std::uint64_t>(source));
  case DType::i8:
    return fmt::to_string(static_cast<int>(load<std::int8_t>(source)));
  case DType::i16:
    return fmt::to_string(load<std::int16_t>(source));
  case DType::i32:
    return fmt::to_string(load<std::int32_t>(source));
  case DType::i64:
    return fmt::to_string(load<std::int64_t>(source));
  case DType::f16:
    return fmt::to_string(f16_to_float(load<std::uint16_t>(source)));
  case DType::bf16:
    return fmt::to_string(bf16_to_float(load<std::uint16_t>(source)));
  default:
    return fmt::to_string(load<float>(source));
  }
}

std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return std::nullopt;
  return text.substr(prefix.size());
}

template <typename T> T parse_number(std::string_view text) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw InvalidArgument("kernel-run", "expected a number, got '{}'", text);
  return value;
}

std::vector<double> parse_values(std::string_view list) {
  std::vector<double> values;
  while (true) {
    const std::size_t comma = list.find(',');
    values.push_back(parse_number<double>(list.substr(0, comma)));
    if (comma == std::string_view::npos)
      return values;
    list.remove_prefix(comma + 1);
  }
}

template <typename Value> void fill_with(BufferContents& buffer, Value&& value) {
  const std::size_t width = size_of(buffer.dtype);
  for (std::int64_t i = 0; i < buffer.count; ++i)
    store_element(buffer.bytes.data() + i * width, buffer.dtype, value(i));
}

void read_file(BufferContents& buffer, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw IoError("kernel-run", "cannot open '{}'", path);
  file.read(reinterpret_cast<char*>(buffer.bytes.data()),
            static_cast<std::streamsize>(buffer.bytes.size()));
  if (static_cast<std::size_t>(file.gcount()) != buffer.bytes.size() || file.peek() != EOF)
    throw InvalidArgument("kernel-run", "'{}': expected {} bytes", path, buffer.bytes.size());
}

void fill(BufferContents& buffer, std::string_view how) {
  if (how == "zero")
    return;
  if (how == "iota")
    return fill_with(buffer, [](std::int64_t i) { return static_cast<double>(i); });
  if (auto list = after(how, "values:")) {
    const std::vector<double> values = parse_values(*list);
    return fill_with(buffer, [&](std::int64_t i) { return values[i % values.size()]; });
  }
  if (auto path = after(how, "file:"))
    return read_file(buffer, std::string(*path));
  auto seed = after(how, "random:");
  if (!seed)
    throw InvalidArgument(
        "kernel-run", "expected zero, iota, random:SEED, values:LIST or file:PATH, got '{}'", how);
  std::mt19937_64 bits(parse_number<std::uint64_t>(*seed));
  const double scale = is_float(buffer.dtype) ? 1.0 : 100.0;
  fill_with(buffer, [&](std::int64_t) {
    return scale * (static_cast<double>(bits() >> 11) * 0x1p-52 - 1.0);
  });
}

}  // namespace

BufferContents fill_buffer(DType dtype, std::int64_t count, std::string_view how) {
  if (count < 1 || count > kMaxCount)
    throw InvalidArgument("kernel-run", "expected a buffer of 1 to {} elements, got {}", kMaxCount,
                          count);
  BufferContents buffer{dtype, count, std::vector<std::byte>(count * size_of(dtype))};
  fill(buffer, how);
  return buffer;
}

BufferContents parse_buffer_spec(std::string_view spec) {
  const std::size_t colon = spec.find(':');
  const std::size_t equals = spec.find('=');
  if (colon == std::string_view::npos || equals == std::string_view::npos || equals < colon)
    throw InvalidArgument("kernel-run", "expected DTYPE:COUNT=FILL, got '{}'", spec);
  const auto dtype = parse_dtype(spec.substr(0, colon));
  if (!dtype)
    throw InvalidArgument("kernel-run", "no dtype '{}'", spec.substr(0, colon));
  const auto count = parse_number<std::int64_t>(spec.substr(colon + 1, equals - colon - 1));
  return fill_buffer(*dtype, count, spec.substr(equals + 1));
}

std::string to_string(const BufferContents& buffer) {
  std::vector<std::string> elements;
  const std::size_t width = size_of(buffer.dtype);
  for (std::int64_t i = 0; i < buffer.count; ++i)
    elements.push_back(element_text(buffer.bytes.data() + i * width, buffer.dtype));
  return fmt::format("{}[{}]: {}", name_of(buffer.dtype), buffer.count, fmt::join(elements, " "));
}

}  // namespace ashlar
