// SPDX-License-Identifier: Apache-2.0
#include "models/formats/model_config.h"

#include "models/formats/decoder_fields.h"
#include "models/formats/json_fields.h"
#include "models/formats/json_file.h"
#include "models/formats/model_families.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"

#include <fmt/ranges.h>
#include <xxhash.h>

#include <algorithm>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "config";

// A config and, for a wrapper, the decoder's part in it. Values that may lie in either are looked
// up inside first.
struct Sources {
  JsonFields outer;
  JsonFields decoder;
  std::string model_type;
  std::string decoder_type;

  template <typename Getter> auto first(Getter get) const {
    const auto value = get(decoder);
    return value ? value : get(outer);
  }
};

// The type of the decoder in a wrapper.
std::string decoder_type(const JsonFields& decoder, const ModelWrapper& wrapper) {
  const std::string type =
      decoder.text("model_type").value_or(std::string(wrapper.decoders.front()));
  if (std::ranges::find(wrapper.decoders, type) == wrapper.decoders.end())
    throw Unsupported(kUnit, "{}: model type {} is not supported: expected {}", decoder.where(),
                      in_quotes(type, 40), fmt::join(wrapper.decoders, " or "));
  return type;
}

Sources find_sources(const JsonFields& outer) {
  const auto model_type = outer.text("model_type");
  if (!model_type)
    outer.fail("model_type", "a string");
  const ModelWrapper* wrapper = find_model_wrapper(*model_type);
  if (!wrapper)
    return {outer, outer, *model_type, *model_type};
  const auto inner = outer.object("text_config");
  if (!inner)
    outer.fail("text_config", "an object");
  return {outer, *inner, *model_type, decoder_type(*inner, *wrapper)};
}

// Heads other than a language model's, and base models without one, need other tensors and outputs.
void check_architecture(const JsonFields& fields) {
  const auto names = fields.texts("architectures");
  if (!names)
    return;
  for (const std::string& name : *names)
    if (!name.ends_with("ForCausalLM") && !name.ends_with("ForConditionalGeneration"))
      throw Unsupported(kUnit, "{}: architecture {} is not supported", fields.where(),
                        in_quotes(name, 40));
}

void read_tokens(const Sources& sources, ModelConfig& config) {
  const IntegerRange ids{0, kMaxTokenId};
  config.bos_token_id =
      sources.first([&](const JsonFields& f) { return f.integer("bos_token_id", ids); });
  for (const JsonFields& fields : {sources.decoder, sources.outer})
    for (const std::int64_t id :
         fields.integers("eos_token_id", ids).value_or(std::vector<std::int64_t>{}))
      if (std::ranges::find(config.eos_token_ids, id) == config.eos_token_ids.end())
        config.eos_token_ids.push_back(id);
}

void check_layers(const JsonFields& fields, ModelConfig& config) {
  // Families that do not read the list must not contradict it.
  ModelConfig stated = config;
  read_layer_types(fields, [](std::int64_t) { return false; }, stated);
  if (stated.layers != config.layers)
    throw Unsupported(kUnit, "{}: layer_types: this model type has another order of layers",
                      fields.where());
  const bool slides = config.find_layer(AttentionKind::sliding) != nullptr;
  if (slides && config.sliding_window == 0)
    fields.fail("sliding_window", "a window for the sliding layers");
  if (!slides)
    config.sliding_window = 0;
}

// Keys that some families know and the others would ignore.
void refuse_uncomputed(const JsonFields& fields, const ModelConfig& config) {
  const std::pair<std::string_view, bool> features[] = {
      {"attention_bias", config.qkv_bias || config.output_bias},
      {"mlp_bias", config.mlp_bias},
      {"use_qk_norm", config.qk_norm || config.joint_qk_norm},
      {"attn_logit_softcapping", config.attention_softcap.has_value()},
      {"final_logit_softcapping", config.final_logit_softcap.has_value()}};
  for (const auto& [key, computed] : features)
    if (!computed)
      refuse_feature(fields, key);
}

}  // namespace

const LayerConfig* ModelConfig::find_layer(AttentionKind kind) const {
  const auto found = std::ranges::find(layers, kind, &LayerConfig::attention);
  return found == layers.end() ? nullptr : &*found;
}

ModelConfig parse_model_config(const nlohmann::json& config, std::string_view file) {
  const JsonFields outer(config, std::string(file));
  const Sources sources = find_sources(outer);
  const ModelFamily& family = find_model_family(sources.decoder_type, file);
  check_architecture(outer);

  ModelConfig result = family.read(sources.decoder);
  refuse_uncomputed(sources.decoder, result);
  const std::string text = config.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  result.hash = XXH3_64bits(text.data(), text.size());
  result.model_type = sources.model_type;
  result.decoder_type = sources.decoder_type;
  result.dtype = sources.first(read_dtype);
  result.quantization = sources.first(read_quantization);
  result.tied_embeddings =
      sources.first([](const JsonFields& f) { return f.flag("tie_word_embeddings"); })
          .value_or(result.tied_embeddings);
  read_tokens(sources, result);
  check_layers(sources.decoder, result);
  return result;
}

ModelConfig read_model_config(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  const std::string file = in_quotes(path.native());
  const std::string text = infinities_as_null(read_file(path, JsonLimits().max_bytes, kUnit));
  return parse_model_config(parse_json(text, file), file);
}

}  // namespace ashlar
