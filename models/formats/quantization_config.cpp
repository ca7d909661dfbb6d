// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantization_config.h"

#include "models/formats/quantization_methods.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <fmt/format.h>

#include <array>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "config";
constexpr IntegerRange kAnySize{1, 1 << 16};

AffineEncoding read_affine_encoding(const JsonFields& fields) {
  const AffineEncoding defaults;
  const AffineEncoding encoding{
      fields.integer("bits", kAnySize).value_or(defaults.bits),
      fields.integer("group_size", kAnySize).value_or(defaults.group_size)};
  if (!is_known(encoding))
    throw Unsupported(kUnit, "{}: {} bits in groups of {} are not supported: expected {}",
                      fields.where(), encoding.bits, encoding.group_size, kKnownEncodings);
  return encoding;
}

// A mode of floats allows no choice.
FloatEncoding checked(const JsonFields& fields, std::string_view mode,
                      const FloatEncoding& encoding) {
  const std::int64_t bits = fields.integer("bits", kAnySize).value_or(encoding.bits());
  const std::int64_t group = fields.integer("group_size", kAnySize).value_or(encoding.group_size);
  if (bits != encoding.bits() || group != encoding.group_size)
    throw Unsupported(kUnit, "{}: {} bits in groups of {}: expected {} and {} for mode {}",
                      fields.where(), bits, group, encoding.bits(), encoding.group_size,
                      in_quotes(mode));
  return encoding;
}

MatrixEncoding read_encoding(const JsonFields& fields, std::string_view default_mode) {
  const std::string mode = fields.text("mode").value_or(std::string(default_mode));
  if (mode == "affine")
    return read_affine_encoding(fields);
  if (mode == "mxfp4")
    return checked(fields, mode, {.exponent_bits = 2, .mantissa_bits = 1, .group_size = 32});
  if (mode == "nvfp4")
    return checked(fields, mode, {.exponent_bits = 2, .mantissa_bits = 1, .group_size = 16});
  if (mode == "mxfp8")
    return checked(fields, mode, {.exponent_bits = 4, .mantissa_bits = 3, .group_size = 32});
  throw Unsupported(kUnit, "{}: quantisation mode {} is not supported", fields.where(),
                    in_quotes(mode, 40));
}

bool describes_default(std::string_view key) {
  return key == "bits" || key == "group_size" || key == "mode";
}

QuantizationConfig read_mlx(const JsonFields& fields) {
  QuantizationConfig config{read_encoding(fields, "affine"), {}, {}};
  for (const std::string& key : fields.keys()) {
    if (describes_default(key))
      continue;
    std::optional<MatrixEncoding> encoding;
    if (fields.is_set(key))
      encoding = read_encoding(*fields.object(key), "affine");
    config.modules.emplace(key, encoding);
  }
  return config;
}

}  // namespace

std::optional<MatrixEncoding> QuantizationConfig::encoding_of(std::string_view module) const {
  const auto listed = modules.find(module);
  return listed == modules.end() ? encoding : listed->second;
}

std::optional<QuantizationConfig> read_quantization(const JsonFields& config) {
  for (const std::string_view key : {"quantization", "quantization_config"}) {
    if (!config.is_set(key))
      continue;
    const JsonFields fields = *config.object(key);
    const auto method = fields.text("quant_method");
    // The tensors' names say what is packed.
    if (method == "mxfp4")
      return std::nullopt;
    if (method)
      return QuantizationConfig{{}, {}, read_quantization_method(*method, fields)};
    return read_mlx(fields);
  }
  return std::nullopt;
}

std::string describe(const MatrixEncoding& encoding) {
  const auto* floats = std::get_if<FloatEncoding>(&encoding);
  const std::string numbers =
      floats ? fmt::format("e{}m{}", floats->exponent_bits, floats->mantissa_bits)
             : fmt::format("{} bits", bits_of(encoding));
  return fmt::format("{}, groups of {}", numbers, group_size_of(encoding));
}

std::string describe(const QuantizationConfig& quantization) {
  if (!quantization.encoding) {
    constexpr auto kLayouts =
        std::to_array<std::string_view>({"mlx", "gptq", "awq", "compressed-tensors", "fp8"});
    return std::string(kLayouts[quantization.layout.index()]);
  }
  const std::string encoding = describe(*quantization.encoding);
  const std::size_t others = quantization.modules.size();
  return others == 0 ? encoding : fmt::format("{}; {} modules differ", encoding, others);
}

}  // namespace ashlar
