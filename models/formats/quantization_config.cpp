// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantization_config.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "config";
constexpr IntegerRange kAnySize{1, 1 << 16};

AffineEncoding read_encoding(const JsonFields& fields, const AffineEncoding& defaults) {
  const std::string mode = fields.text("mode").value_or("affine");
  if (mode != "affine")
    throw Unsupported(kUnit, "{}: quantisation mode {} is not supported", fields.where(),
                      in_quotes(mode, 40));
  const AffineEncoding encoding{
      fields.integer("bits", kAnySize).value_or(defaults.bits),
      fields.integer("group_size", kAnySize).value_or(defaults.group_size)};
  if (!is_known(encoding))
    throw Unsupported(kUnit, "{}: {} bits in groups of {} are not supported: expected {}",
                      fields.where(), encoding.bits, encoding.group_size, kKnownEncodings);
  return encoding;
}

bool describes_default(std::string_view key) {
  return key == "bits" || key == "group_size" || key == "mode";
}

QuantizationConfig read_affine(const JsonFields& fields) {
  QuantizationConfig config{read_encoding(fields, {}), {}};
  for (const std::string& key : fields.keys()) {
    if (describes_default(key))
      continue;
    std::optional<AffineEncoding> encoding;
    if (fields.is_set(key))
      encoding = read_encoding(*fields.object(key), {});
    config.modules.emplace(key, encoding);
  }
  return config;
}

}  // namespace

std::optional<AffineEncoding> QuantizationConfig::encoding_of(std::string_view module) const {
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
      throw Unsupported(kUnit, "{}: quantisation method {} is not supported", fields.where(),
                        in_quotes(*method, 40));
    return read_affine(fields);
  }
  return std::nullopt;
}

}  // namespace ashlar
