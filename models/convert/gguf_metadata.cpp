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
    if (architecture_.is_mamba2)
      add_mamba2();
    else
      architecture_.name == "gemma4" ? add_gemma4() : add_layers();
    add_experts();
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
    count("vocab_size", config_.vocab_size);
    count("attention.head_count", config_.attention_heads);
    number("attention.layer_norm_rms_epsilon", config_.norm_epsilon);
    if (config_.activation != (architecture_.is_gemma ? Activation::gelu_tanh : Activation::silu))
      refuse("this activation");
    // Where files leave out what Gemma 2 caps, readers assume something.
    const bool is_gemma2 = architecture_.name == "gemma2";
    if (config_.attention_softcap.has_value() != is_gemma2 ||
        (is_gemma2 && !config_.final_logit_softcap))
      refuse("these caps of scores and logits");
    if (config_.attention_softcap)
      number("attn_logit_softcapping", *config_.attention_softcap);
    if (config_.final_logit_softcap)
      number("final_logit_softcapping", *config_.final_logit_softcap);
  }

  // Of layers that are all alike, but for whether they slide and have experts.
  void add_layers() {
    const std::int64_t head_dim = common(&LayerConfig::head_dim);
    count("feed_forward_length", common(&LayerConfig::intermediate_size));
    count("attention.head_count_kv", common(&LayerConfig::kv_heads));
    count("attention.key_length", head_dim);
    count("attention.value_length", head_dim);
    if (config_.query_scale != 1 / std::sqrt(static_cast<double>(head_dim))) {
      if (architecture_.layers_of_other_scale == 0)
        refuse("this scale of queries");
      number("attention.scale", config_.query_scale);
    }
    add_sliding_layers();
    add_rope(head_dim);
    if (architecture_.has_delta_nets)
      add_delta_nets(*config_.recurrence);
  }

  void add_memory(const RecurrenceConfig& sizes) {
    count("ssm.conv_kernel", sizes.conv_kernel);
    count("ssm.state_size", sizes.key_dim);
    count("ssm.group_count", sizes.groups);
    count("ssm.time_step_rank", sizes.heads);
    count("ssm.inner_size", sizes.value_width());
  }

  void add_mamba2() {
    const RecurrenceConfig& sizes = *config_.recurrence;
    if (!config_.f32_residual || sizes.projection_bias || !sizes.conv_bias ||
        sizes.least_step != 0 || sizes.largest_step)
      refuse("these biases, residuals or limits of time steps");
    count("feed_forward_length", 0);
    add_memory(sizes);
  }

  void add_delta_nets(const RecurrenceConfig& sizes) {
    add_memory(sizes);
    std::vector<bool> recurrent;
    for (const LayerConfig& layer : config_.layers)
      recurrent.push_back(layer.mixer == TokenMixer::gated_delta_net);
    const auto first = std::ranges::find(recurrent, false);
    const std::int64_t interval = first - recurrent.begin() + 1;
    count("full_attention_interval", interval);
    for (std::int64_t i = 0; i < std::ssize(recurrent); ++i)
      if (recurrent[static_cast<std::size_t>(i)] == ((i + 1) % interval == 0))
        refuse("which layers are recurrent");
  }

  void add_sliding_layers() {
    if (config_.sliding_window == 0)
      return;
    count("attention.sliding_window", config_.sliding_window);
    const bool all = config_.find_layer(AttentionKind::full) == nullptr;
    if (architecture_.name == "llama" && all)
      return;
    const std::int64_t period = sliding_period(config_.layers);
    if (architecture_.sliding_period == 0 || period == 0)
      refuse("which layers slide");
    count("attention.sliding_window_pattern", period);
  }

  void add_rope(std::int64_t head_dim) {
    const RopeParameters& rope = config_.full_rope;
    number("rope.freq_base", rope.theta);
    count("rope.dimension_count",
          static_cast<std::int64_t>(rope.partial_rotary_factor * static_cast<double>(head_dim)));
    if (architecture_.name == "gemma3")
      number("rope.freq_base_swa", config_.sliding_rope.theta);
    else if (config_.sliding_rope != rope)
      refuse("another rope of sliding layers");
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
    if (rope.truncate == (architecture_.name == "gpt-oss"))
      refuse("whether yarn is truncated");
    const bool is_mistral3 = architecture_.name == "mistral3";
    if (rope.query_scaling_beta != 0 && !is_mistral3)
      refuse("a scale of queries by position");
    if (rope.query_scaling_beta != 0)
      number("attention.temperature_scale", rope.query_scaling_beta);
    at("rope.scaling.type") = "yarn";
    number("rope.scaling.factor", rope.factor);
    count("rope.scaling.original_context_length",
          static_cast<std::int64_t>(rope.original_max_positions));
    number("rope.scaling.yarn_beta_fast", rope.beta_fast);
    number("rope.scaling.yarn_beta_slow", rope.beta_slow);
    const double logarithm = 0.1 * std::log(rope.factor), plain = logarithm + 1.0;
    // Readers of mistral3 expect the factor as a quotient of two.
    if (is_mistral3 && rope.attention_factor < plain)
      number("rope.scaling.yarn_log_multiplier", (plain / rope.attention_factor - 1) / logarithm);
    else
      number("rope.scaling.yarn_attn_factor", rope.attention_factor / plain);
  }

  // Gemma 4's layers differ in their heads, their MLPs and whose keys they see.
  void add_gemma4() {
    const LayerConfig& full = *config_.find_layer(AttentionKind::full);
    const LayerConfig* sliding = config_.find_layer(AttentionKind::sliding);
    const std::int64_t swa = sliding ? sliding->head_dim : full.head_dim;
    for (const auto& [key, size] : {std::pair("key_length", full.head_dim),
                                    {"value_length", full.head_dim},
                                    {"key_length_swa", swa},
                                    {"value_length_swa", swa}})
      count(fmt::format("attention.{}", key), size);
    by_layer("attention.head_count_kv", &LayerConfig::kv_heads);
    by_layer("feed_forward_length", &LayerConfig::intermediate_size);
    count("attention.sliding_window", config_.sliding_window);
    std::vector<bool> slides;
    for (const LayerConfig& layer : config_.layers)
      slides.push_back(layer.attention == AttentionKind::sliding);
    at("attention.sliding_window_pattern") = gguf::Array(std::move(slides));
    count("attention.shared_kv_layers",
          std::ranges::count_if(config_.layers,
                                [](const auto& layer) { return layer.kv_source.has_value(); }));
    const auto& second = config_.per_layer_embedding;
    count("embedding_length_per_layer_input", second ? second->width : 0);
    if (config_.full_rope.type != RopeType::proportional || config_.full_rope.factor != 1 ||
        config_.sliding_rope.type != RopeType::plain)
      refuse("these ropes");
    number("rope.freq_base", config_.full_rope.theta);
    number("rope.freq_base_swa", config_.sliding_rope.theta);
    count("rope.dimension_count", full.head_dim);
    count("rope.dimension_count_swa", swa);
  }

  void by_layer(std::string_view key, std::int64_t LayerConfig::* field) {
    std::vector<std::uint32_t> values;
    for (const LayerConfig& layer : config_.layers)
      values.push_back(static_cast<std::uint32_t>(layer.*field));
    at(key) = gguf::Array(std::move(values));
  }

  void add_experts() {
    if (!config_.experts)
      return;
    const ExpertsConfig& experts = *config_.experts;
    // gpt-oss's clamp is not in the files.
    constexpr double kClamp = 7;
    const bool by_sigmoid = experts.score == RouterScore::sigmoid;
    if (by_sigmoid != architecture_.routes_by_sigmoid || (experts.has_correction && !by_sigmoid) ||
        experts.normalised != architecture_.normalises_experts ||
        experts.clamp.value_or(kClamp) != kClamp)
      refuse("this router or clamp of experts");
    if (by_sigmoid)
      count("expert_gating_func", gguf::kSigmoidRouter);
    count("expert_count", experts.count);
    count("expert_used_count", experts.chosen);
    if (architecture_.name != "llama")
      count("expert_feed_forward_length", experts.intermediate_size);
    if (experts.shared_intermediate_size > 0)
      count("expert_shared_feed_forward_length", experts.shared_intermediate_size);
  }

  const ModelConfig& config_;
  const gguf::Architecture& architecture_;
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
  if (rope.type != RopeType::llama3 && rope.type != RopeType::longrope &&
      rope.type != RopeType::proportional)
    return std::nullopt;
  if (rope.attention_factor != 1)
    throw Unsupported(kUnit, "GGUF cannot say a longrope with an attention factor");
  RopeParameters plain{.theta = rope.theta};
  if (rope.type != RopeType::proportional)
    plain.partial_rotary_factor = rope.partial_rotary_factor;
  const LayerConfig* full = config.find_layer(AttentionKind::full);
  const std::int64_t head_dim = (full ? *full : config.layers.front()).head_dim;
  const auto from = rope_inverse_frequencies(plain, head_dim),
             to = rope_inverse_frequencies(rope, head_dim);
  constexpr float kInfinite = 1e30F;  // as files say that a frequency is 0
  std::vector<float> divisors(from.size());
  for (std::size_t i = 0; i < from.size(); ++i)
    divisors[i] = to[i] == 0 ? kInfinite : static_cast<float>(from[i] / to[i]);
  return divisors;
}

}  // namespace ashlar
