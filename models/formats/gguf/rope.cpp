// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/rope.h"

#include "models/formats/gguf/decode.h"
#include "models/formats/model_config.h"
#include "runtime/program/error.h"

#include <cmath>

namespace ashlar::gguf {
namespace {

using Json = nlohmann::json;

double yarn_magnitude(double factor, double multiplier) {
  return factor <= 1 ? 1.0 : 0.1 * multiplier * std::log(factor) + 1.0;
}

void add_yarn(const Fields& fields, double factor, bool is_mistral3, Json& rope) {
  const auto multiplier = fields.number("rope.scaling.yarn_log_multiplier");
  if (multiplier && !is_mistral3)
    throw Unsupported("gguf", "{}: rope.scaling.yarn_log_multiplier is not supported",
                      fields.where());
  if (multiplier && *multiplier < 0)
    fields.fail("rope.scaling.yarn_log_multiplier", "expected a number of at least 0");
  constexpr IntegerRange kPositions{1, kMaxPositions};
  if (const auto original = fields.integer("rope.scaling.original_context_length", kPositions))
    rope["original_max_position_embeddings"] = *original;
  for (const std::string_view end : {"beta_fast", "beta_slow"})
    if (const auto beta = fields.positive_number(fmt::format("rope.scaling.yarn_{}", end)))
      rope[std::string(end)] = *beta;
  const double own = fields.positive_number("rope.scaling.yarn_attn_factor").value_or(1);
  rope["attention_factor"] =
      own * yarn_magnitude(factor, 1) / yarn_magnitude(factor, multiplier.value_or(0));
  // By the number of original contexts that lie before a position.
  if (const auto scale = fields.positive_number("attention.temperature_scale");
      scale && is_mistral3)
    rope["llama_4_scaling_beta"] = *scale;
}

Json scaled_rope(const Fields& fields, const std::string& type, bool is_mistral3) {
  const auto factor = fields.positive_number("rope.scaling.factor");
  if (!factor)
    fields.fail("rope.scaling.factor", "expected a number, got nothing");
  Json rope{{"rope_type", type}, {"factor", *factor}};
  if (type == "yarn")
    add_yarn(fields, *factor, is_mistral3, rope);
  else if (type != "linear")
    throw Unsupported("gguf", "{}: rope scaling {} is not supported", fields.where(), type);
  return rope;
}

}  // namespace

std::optional<std::vector<float>> rope_divisors(const FileSet& files) {
  const StoredTensor* tensor = files.find("rope_freqs.weight");
  if (!tensor)
    return std::nullopt;
  const TensorInfo& info = *tensor->info;
  if (info.type != BlockType::f32 || info.shape.rank() != 1 || info.shape.dim(0) > kMaxHeadDim)
    throw FormatError("gguf", "{}: rope_freqs.weight: expected F32 of one axis, got {} {}",
                      files.name(), name_of(info.type), info.shape.to_string());
  std::vector<float> divisors(static_cast<std::size_t>(info.shape.dim(0)));
  decode(info.type, tensor->data(), divisors);
  return divisors;
}

std::optional<Json> rope_scaling(const FileSet& files, const Fields& fields,
                                 const Architecture& architecture) {
  // Llama 3's scaling is stored as what it does to each frequency.
  if (const auto divisors = rope_divisors(files))
    return Json{{"rope_type", "longrope"},
                {"short_factor", *divisors},
                {"long_factor", *divisors},
                {"attention_factor", 1.0}};
  const std::string* type = fields.text("rope.scaling.type");
  if (!type || *type == "none")
    return std::nullopt;
  Json rope = scaled_rope(fields, *type, architecture.name == "mistral3");
  if (architecture.name == "gpt-oss")
    rope["truncate"] = false;  // the files do not say so
  return rope;
}

}  // namespace ashlar::gguf
