// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/qwen_hybrid.h"

#include "runtime/program/error.h"

namespace ashlar {
namespace {

RecurrenceConfig read_recurrence(const JsonFields& fields) {
  const auto size = [&](std::string_view key, std::int64_t limit, std::int64_t fallback) {
    return fields.integer(key, {1, limit}).value_or(fallback);
  };
  const RecurrenceConfig sizes{
      .conv_kernel = fields.integer("linear_conv_kernel_dim", {2, kMaxConvKernel}).value_or(4),
      .groups = size("linear_num_key_heads", kMaxHeads, 16),
      .heads = size("linear_num_value_heads", kMaxHeads, 32),
      .key_dim = size("linear_key_head_dim", kMaxHeadDim, 128),
      .value_dim = size("linear_value_head_dim", kMaxHeadDim, 128)};
  if (sizes.heads % sizes.groups != 0)
    throw FormatError("config",
                      "{}: linear_num_value_heads: expected a multiple of {} key heads, got {}",
                      fields.where(), sizes.groups, sizes.heads);
  return sizes;
}

// Every `full_attention_interval`-th layer is attention, unless the layers are listed.
void read_hybrid_layers(const JsonFields& fields, ModelConfig& config) {
  const std::int64_t interval =
      fields.integer("full_attention_interval", {1, kMaxLayers}).value_or(4);
  for (std::size_t i = 0; i < config.layers.size(); ++i)
    if ((static_cast<std::int64_t>(i) + 1) % interval != 0)
      config.layers[i].mixer = TokenMixer::gated_delta_net;
  read_layer_types(fields, [](std::int64_t) { return false; }, config);
}

}  // namespace

void refuse_ungated_attention(const JsonFields& fields) {
  if (!fields.flag("attn_output_gate").value_or(true))
    throw Unsupported("config", "{}: attn_output_gate: expected true", fields.where());
}

ModelConfig read_qwen_hybrid(const JsonFields& fields, const DecoderDefaults& defaults) {
  ModelConfig config = read_decoder(fields, defaults);
  config.recurrence = read_recurrence(fields);
  read_hybrid_layers(fields, config);
  config.qkv_bias = config.output_bias = fields.flag("attention_bias").value_or(false);
  config.qk_norm = true;
  config.gated_attention = true;
  config.norm = NormKind::one_plus;
  read_rope(fields, {.partial_rotary_factor = 0.25}, config);
  return config;
}

}  // namespace ashlar
