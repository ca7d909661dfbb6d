// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"
#include "runtime/program/error.h"

namespace ashlar {
namespace {

RecurrenceConfig read_recurrence(const JsonFields& fields, std::int64_t hidden_size) {
  const auto size = [&](std::string_view key, std::int64_t limit, std::int64_t fallback) {
    return fields.integer(key, {1, limit}).value_or(fallback);
  };
  RecurrenceConfig sizes{.conv_kernel =
                             fields.integer("conv_kernel", {2, kMaxConvKernel}).value_or(4),
                         .groups = size("n_groups", kMaxHeads, 8),
                         .heads = size("num_heads", kMaxHeads, 128),
                         .key_dim = size("state_size", kMaxHeadDim, 128),
                         .value_dim = size("head_dim", kMaxHeadDim, 64),
                         .conv_bias = fields.flag("use_conv_bias").value_or(true),
                         .projection_bias = fields.flag("use_bias").value_or(false)};
  const std::int64_t inner = size("expand", kMaxWidth, 2) * hidden_size;
  if (sizes.value_width() != inner)
    throw FormatError("config", "{}: num_heads: expected {} (expand * hidden_size) in heads of {}",
                      fields.where(), inner, sizes.value_dim);
  if (sizes.heads % sizes.groups != 0)
    throw FormatError("config", "{}: n_groups: expected a divisor of {} heads, got {}",
                      fields.where(), sizes.heads, sizes.groups);
  if (const auto limits = fields.interval("time_step_limit")) {
    sizes.least_step = limits->low;
    sizes.largest_step = limits->high;
  }
  return sizes;
}

}  // namespace

ModelConfig read_mamba2(const JsonFields& fields) {
  ModelConfig config;
  config.vocab_size = fields.integer("vocab_size", {1, kMaxVocabulary}).value_or(32768);
  config.hidden_size = fields.integer("hidden_size", {1, kMaxWidth}).value_or(4096);
  config.max_positions = kMaxPositions;  // the memory has one size, however long the text
  config.recurrence = read_recurrence(fields, config.hidden_size);
  config.layers.assign(
      static_cast<std::size_t>(fields.integer("num_hidden_layers", {1, kMaxLayers}).value_or(64)),
      {.mixer = TokenMixer::mamba2});
  config.norm_epsilon = fields.positive_number("layer_norm_epsilon").value_or(1e-5);
  config.activation = read_activation(fields, "hidden_act", "silu");
  config.f32_residual = fields.flag("residual_in_fp32").value_or(true);
  return config;
}

}  // namespace ashlar
