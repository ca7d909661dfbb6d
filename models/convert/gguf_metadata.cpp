// SPDX-License-Identifier: Apache-2.0
#include "models/convert/gguf_metadata.h"

#include "models/convert/gguf_tokenizer.h"
#include "models/formats/gguf/architecture.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cmath>

namespace ashlar {
namespace {

using gguf::Metadata;

constexpr std::string_view kUnit = "convert";

// Of the layers whose number is no multiple of it slide; 0 where the layers follow no such rule.
std::int64_t sliding_period(const std::vector<LayerConfig>& layers) {
  const auto first = std::ranges::find(layers, AttentionKind::full, &LayerConfig::attention);
  const std::int64_t period = first - layers.begin() + 1;
  for (std::int64_t i = 0; i < std::ssize(layers); ++i)
    if ((layers[static_cast<std::size_t>(i)].attention == AttentionKind::full) !=
        ((i + 1) % period == 0))
      return 0;
  return period;
}

class MetadataWriter {
public:
  explicit MetadataWriter(const ModelConfig& config)
      : config_(config), architecture_(gguf::architecture_of(config.decoder_type)) {}

  Metadata write() {
    metadata_["general.architecture"] = std::string(architecture_.name);
    metadata_["general.quantization_version"] = std::uint32_t{2};
    add_sizes();
    add_sliding_layers();
    add_rope();
    return std::move(metadata_);
  }

private:
  [[noreturn]] void refuse(std::string_view what) const {
    throw Unsupported(kUnit, "GGUF cannot say {} of architecture {}", what, architecture_.name);
  }

  gguf::Value& at(std::string_view key) {
    return metadata_[fmt::format("{}.{}", architecture_.name, key)];
  }

  void count(std::string_view key, std::int64_t value) {
    at(key) = static_cast<std::uint32_t>(value);
  }
  void number(std::string_view key, double value) { at(key) = static_cast<float>(value); }

  // What all layers have in common.
  std::int64_t common(std::int64_t LayerConfig::* field) const {
    const std::int64_t first = config_.layers.front().*field;
    if (!std::ranges::all_of(config_.layers, [&](std::int64_t x) { return x == first; }, field))
      refuse("sizes that differ between layers");
    return first;
  }

  void add_sizes() {
    count("block_count", std::ssize(config_.layers));
    count("context_length", config_.max_positions);
    count("embedding_length", config_.hidden_size);
    count("feed_forward_length", common(&LayerConfig::intermediate_size));
    count("vocab_size", config_.vocab_size);
    count("attention.head_count", config_.attention_heads);
    count("attention.head_count_kv", common(&LayerConfig::kv_heads));
    count("attention.key_length", head_dim_);
    count("attention.value_length", head_dim_);
    number("attention.layer_norm_rms_epsilon", config_.norm_epsilon);
    if (config_.final_logit_softcap)
      number("final_logit_softcapping", *config_.final_logit_softcap);
    if (config_.query_scale != 1 / std::sqrt(static_cast<double>(head_dim_))) {
      if (architecture_.name != "gemma3")
        refuse("this scale of queries");
      number("attention.scale", config_.query_scale);
    }
    const Activation expected =
        architecture_.name == "gemma3" ? Activation::gelu_tanh : Activation::silu;
    if (config_.activation != expected)
      refuse("this activation");
  }

  void add_sliding_layers() {
    if (config_.sliding_window == 0)
      return;
    count("attention.sliding_window", config_.sliding_window);
    const bool all = config_.find_layer(AttentionKind::full) == nullptr;
    if (architecture_.name == "llama" && all)
      return;
    const std::int64_t period = sliding_period(config_.layers);
    if (architecture_.name != "gemma3" || period == 0)
      refuse("which layers slide");
    count("attention.sliding_window_pattern", period);
  }

  void add_rope() {
    const RopeParameters& rope = config_.full_rope;
    number("rope.freq_base", rope.theta);
    count("rope.dimension_count",
          static_cast<std::int64_t>(rope.partial_rotary_factor * static_cast<double>(head_dim_)));
    if (architecture_.name == "gemma3")
      number("rope.freq_base_swa", config_.sliding_rope.theta);
    switch (rope.type) {
    case RopeType::plain:
    case RopeType::llama3:
    case RopeType::longrope:
      return;
    case RopeType::linear:
      at("rope.scaling.type") = "linear";
      return number("rope.scaling.factor", rope.factor);
    case RopeType::yarn:
      return add_yarn(rope);
    case RopeType::proportional:
      refuse("proportional rope");
    }
  }

  void add_yarn(const RopeParameters& rope) {
    if (!rope.truncate)
      refuse("a yarn that is not truncated");
    at("rope.scaling.type") = "yarn";
    number("rope.scaling.factor", rope.factor);
    count("rope.scaling.original_context_length",
          static_cast<std::int64_t>(rope.original_max_positions));
    number("rope.scaling.yarn_beta_fast", rope.beta_fast);
    number("rope.scaling.yarn_beta_slow", rope.beta_slow);
    number("rope.scaling.yarn_attn_factor",
           rope.attention_factor / (0.1 * std::log(rope.factor) + 1.0));
  }

  const ModelConfig& config_;
  const gguf::Architecture& architecture_;
  const std::int64_t head_dim_ = common(&LayerConfig::head_dim);
  Metadata metadata_;
};

}  // namespace

Metadata gguf_metadata(const ModelSource& model) {
  Metadata metadata = MetadataWriter(model.config()).write();
  add_gguf_tokenizer(model, metadata);
  return metadata;
}

std::optional<std::vector<float>> gguf_rope_divisors(const ModelConfig& config) {
  const RopeParameters& rope = config.full_rope;
  if (rope.type != RopeType::llama3 && rope.type != RopeType::longrope)
    return std::nullopt;
  if (rope.attention_factor != 1)
    throw Unsupported(kUnit, "GGUF cannot say a longrope with an attention factor");
  RopeParameters plain = rope;
  plain.type = RopeType::plain;
  const std::int64_t head_dim = config.layers.front().head_dim;
  const auto from = rope_inverse_frequencies(plain, head_dim),
             to = rope_inverse_frequencies(rope, head_dim);
  std::vector<float> divisors(from.size());
  for (std::size_t i = 0; i < from.size(); ++i)
    divisors[i] = static_cast<float>(from[i] / to[i]);
  return divisors;
}

}  // namespace ashlar
