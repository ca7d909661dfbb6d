// SPDX-License-Identifier: Apache-2.0
#include "models/formats/quantization_methods.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <array>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "config";
constexpr IntegerRange kBits{1, 32};
constexpr std::int64_t kMaxBlock = 1 << 16;

void require_text(const JsonFields& fields, std::string_view key, std::string_view expected) {
  const auto text = fields.text(key);
  if (text && *text != expected)
    throw Unsupported(kUnit, "{}: {} {} is not supported: expected \"{}\"", fields.where(), key,
                      in_quotes(*text, 40), expected);
}

GptqLayout read_gptq(const JsonFields& fields) {
  // Modules that `dynamic` sets apart have other bits, which their tensors show.
  const std::int64_t bits = fields.integer("bits", kBits).value_or(4);
  if (!is_known(AffineEncoding{bits, kQuantizedGroups.front()}))
    throw Unsupported(kUnit, "{}: {} bits are not supported: expected {}", fields.where(), bits,
                      kKnownEncodings);
  GptqLayout layout;
  if (fields.flag("is_marlin_format").value_or(false))
    throw Unsupported(kUnit, "{}: is_marlin_format is not supported", fields.where());
  if (fields.text("checkpoint_format") == "gptq_v2")
    layout.zero_offset = 0;
  else
    require_text(fields, "checkpoint_format", "gptq");
  return layout;
}

AwqLayout read_awq(const JsonFields& fields) {
  // Files of the first versions write GEMM.
  if (fields.text("version") != "GEMM")
    require_text(fields, "version", "gemm");
  for (const std::string_view key : {"bits", "w_bit"})
    if (const std::int64_t bits = fields.integer(key, kBits).value_or(4); bits != 4)
      throw Unsupported(kUnit, "{}: {} bits are not supported: expected 4", fields.where(), bits);
  return {};
}

// `[rows, columns]`; columns in whole blocks of what kernels read.
std::array<std::int64_t, 2> read_block(const JsonFields& fields, std::string_view key) {
  const auto block = fields.integers(key, {1, kMaxBlock});
  if (!block)
    return {128, 128};
  if (block->size() != 2 || (*block)[1] % kPackedBlock != 0)
    fields.fail(key, "rows and columns of a block, columns in multiples of 32");
  return {(*block)[0], (*block)[1]};
}

CompressedTensorsLayout read_compressed_tensors(const JsonFields& fields) {
  if (const auto sparsity = fields.object("sparsity_config"))
    require_text(*sparsity, "format", "dense");
  // Rotations that the model applies to its activations.
  if (const auto transforms = fields.object("transform_config");
      transforms && !transforms->keys().empty())
    throw Unsupported(kUnit, "{}: transform_config is not supported", fields.where());
  if (fields.text("format") == "marlin-24")
    throw Unsupported(kUnit, "{}: format \"marlin-24\" is not supported", fields.where());
  CompressedTensorsLayout layout;
  const auto groups = fields.object("config_groups");
  for (const std::string& key : groups ? groups->keys() : std::vector<std::string>{}) {
    const auto group = groups->object(key);
    const auto weights = group ? group->object("weights") : std::nullopt;
    if (weights && weights->text("strategy") == "block") {
      const auto [rows, columns] = read_block(*weights, "block_structure");
      layout = {rows, columns};
    }
  }
  return layout;
}

// Floats of 8 or 4 bits in tensors named as those of compressed-tensors.
CompressedTensorsLayout read_modelopt(const JsonFields& fields) {
  if (fields.text("quant_algo") != "NVFP4")
    require_text(fields, "quant_algo", "FP8");
  return {};
}

Fp8Layout read_fp8(const JsonFields& fields) {
  const auto [rows, columns] = read_block(fields, "weight_block_size");
  return {rows, columns};
}

}  // namespace

QuantizedLayout read_quantization_method(std::string_view method, const JsonFields& fields) {
  if (method == "gptq")
    return read_gptq(fields);
  if (method == "awq")
    return read_awq(fields);
  if (method == "compressed-tensors")
    return read_compressed_tensors(fields);
  if (method == "modelopt")
    return read_modelopt(fields);
  if (method == "fp8")
    return read_fp8(fields);
  throw Unsupported(kUnit, "{}: quantisation method {} is not supported", fields.where(),
                    in_quotes(method, 40));
}

}  // namespace ashlar
