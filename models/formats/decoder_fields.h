// SPDX-License-Identifier: Apache-2.0
// The parts of config.json that decoder families share; each family adds its own on top.
#pragma once

#include "models/formats/json_fields.h"
#include "models/formats/model_config.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace ashlar {

// What a family assumes for absent keys. Zero: kv heads as attention heads, head size from the
// hidden size.
struct DecoderDefaults {
  std::int64_t vocab_size;
  std::int64_t hidden_size;
  std::int64_t intermediate_size;
  std::int64_t layers;
  std::int64_t attention_heads;
  std::int64_t kv_heads;
  std::int64_t head_dim;
  std::int64_t max_positions;
  std::string_view activation_key = "hidden_act";
  std::string_view activation = "silu";
  double norm_epsilon = 1e-6;
};

// Sizes, epsilon, activation, query scale 1/sqrt(head_dim); all layers full.
ModelConfig read_decoder(const JsonFields& fields, const DecoderDefaults& defaults);

// The value of `key`, or of `fallback`.
Activation read_activation(const JsonFields& fields, std::string_view key,
                           std::string_view fallback);

// `dtype`, or `torch_dtype`.
std::optional<DType> read_dtype(const JsonFields& fields);

// A number of key heads, which divides `attention_heads`.
std::optional<std::int64_t> find_kv_heads(const JsonFields& fields, std::string_view key,
                                          std::int64_t attention_heads);

// `sliding_window`, or `fallback` when the key is absent; none when it is null.
std::optional<std::int64_t> find_sliding_window(const JsonFields& fields,
                                                std::optional<std::int64_t> fallback);

// The value of `key`, or of `fallback`.
Activation read_activation(const JsonFields& fields, std::string_view key,
                           std::string_view fallback);

// Sets the layers from `layer_types` or, without it, by `is_sliding(layer)`. The layers that a
// config with a recurrence calls "linear_attention" are gated delta nets.
void read_layer_types(const JsonFields& fields, const std::function<bool(std::int64_t)>& is_sliding,
                      ModelConfig& config);

// With `sliding_theta`, sliding layers have a rope of their own, and a flat `rope_scaling` is for
// the full layers only; without it both kinds share one. Reads the layers: call it after they are
// set.
struct RopeDefaults {
  double theta = 10000;
  std::optional<double> sliding_theta = {};
  double partial_rotary_factor = 1;
  bool query_scaling = false;          // see RopeContext
  std::string_view parameters = "{}";  // JSON, for files that hold no such object
};
void read_rope(const JsonFields& fields, const RopeDefaults& defaults, ModelConfig& config);

// Throws Unsupported when `key` is there and neither null nor false.
void refuse_feature(const JsonFields& fields, std::string_view key);

}  // namespace ashlar
