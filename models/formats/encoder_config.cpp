// SPDX-License-Identifier: Apache-2.0
#include "models/formats/encoder_config.h"

#include "models/formats/decoder_fields.h"
#include "models/formats/json_file.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "config";

struct Family {
  std::string_view model_type, class_prefix;
  EncoderKind kind;
};
constexpr std::array kFamilies = {
    Family{"bert", "Bert", EncoderKind::bert},
    Family{"roberta", "Roberta", EncoderKind::roberta},
    Family{"xlm-roberta", "XLMRoberta", EncoderKind::roberta},
    Family{"camembert", "Camembert", EncoderKind::roberta},
};

constexpr std::string_view kClassifier = "ForSequenceClassification";
// Heads for training, whose tensors an encoder does not need.
constexpr std::array<std::string_view, 4> kHeads = {"Model", "ForMaskedLM", "ForPreTraining",
                                                    kClassifier};

const Family& read_family(const JsonFields& fields) {
  const std::string type = fields.text("model_type").value_or("");
  const auto found = std::ranges::find(kFamilies, type, &Family::model_type);
  if (found == kFamilies.end())
    throw Unsupported(kUnit,
                      "{}: model type {} is no encoder that is supported: expected bert, roberta, "
                      "xlm-roberta or camembert",
                      fields.where(), in_quotes(type, 40));
  return *found;
}

bool has_classifier(const JsonFields& fields, const Family& family) {
  bool found = false;
  for (const std::string& name :
       fields.texts("architectures").value_or(std::vector<std::string>{})) {
    const bool is_known = name.starts_with(family.class_prefix);
    const std::string_view head =
        is_known ? std::string_view(name).substr(family.class_prefix.size()) : "";
    if (std::ranges::find(kHeads, head) == kHeads.end())
      throw Unsupported(kUnit, "{}: architecture {} is not supported", fields.where(),
                        in_quotes(name, 40));
    found |= head == kClassifier;
  }
  return found;
}

// A table for positions from the padding token's on.
void shift_positions(const JsonFields& fields, EncoderConfig& config) {
  const IntegerRange ids{0, config.max_positions - 2};
  config.first_position = fields.integer("pad_token_id", ids).value_or(1) + 1;
  config.max_positions -= config.first_position;
  if (config.max_positions < 1)
    fields.fail("max_position_embeddings", "more positions than those up to padding's");
}

std::int64_t read_labels(const JsonFields& fields) {
  const auto names = fields.object("id2label");
  const auto named = names ? static_cast<std::int64_t>(names->keys().size()) : 0;
  return named > 0 ? named : fields.integer("num_labels", {1, kMaxWidth}).value_or(2);
}

void check_features(const JsonFields& fields) {
  for (const std::string_view key : {"is_decoder", "add_cross_attention"})
    refuse_feature(fields, key);
  const auto positions = fields.text("position_embedding_type");
  if (positions && *positions != "absolute")
    throw Unsupported(kUnit, "{}: position_embedding_type: {} is not supported", fields.where(),
                      in_quotes(*positions, 40));
}

}  // namespace

bool is_encoder_type(std::string_view model_type) {
  return std::ranges::find(kFamilies, model_type, &Family::model_type) != kFamilies.end();
}

EncoderConfig parse_encoder_config(const nlohmann::json& json, std::string_view file) {
  const JsonFields fields(json, std::string(file));
  check_features(fields);
  const Family& family = read_family(fields);
  const auto size = [&](std::string_view key, std::int64_t limit, std::int64_t fallback) {
    return fields.integer(key, {1, limit}).value_or(fallback);
  };
  EncoderConfig config{.kind = family.kind};
  config.vocab_size =
      size("vocab_size", kMaxVocabulary, family.model_type == "roberta" ? 50265 : 30522);
  config.hidden_size = size("hidden_size", kMaxWidth, 768);
  config.intermediate_size = size("intermediate_size", kMaxWidth, 3072);
  config.layers = size("num_hidden_layers", kMaxLayers, 12);
  config.attention_heads = size("num_attention_heads", kMaxHeads, 12);
  if (config.hidden_size % config.attention_heads != 0)
    fields.fail("num_attention_heads",
                fmt::format("a divisor of hidden_size {}", config.hidden_size));
  config.max_positions = size("max_position_embeddings", kMaxPositions, 512);
  config.token_types = size("type_vocab_size", kMaxVocabulary, 2);
  config.norm_epsilon = fields.positive_number("layer_norm_eps").value_or(1e-12);
  config.activation = read_activation(fields, "hidden_act", "gelu");
  if (config.kind == EncoderKind::roberta)
    shift_positions(fields, config);
  config.labels = has_classifier(fields, family) ? read_labels(fields) : 0;
  config.dtype = read_dtype(fields);
  return config;
}

EncoderConfig read_encoder_config(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  return parse_encoder_config(read_json_file(path), in_quotes(path.native()));
}

}  // namespace ashlar
