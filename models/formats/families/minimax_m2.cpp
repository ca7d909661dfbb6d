// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"
#include "models/formats/expert_fields.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>

namespace ashlar {
namespace {

// Published files say more than the released model does; only that one is computed here.
void check_features(const JsonFields& fields) {
  const std::string score = fields.text("scoring_func").value_or("sigmoid");
  if (score != "sigmoid")
    throw Unsupported("config", "{}: scoring_func: {} is not supported", fields.where(),
                      in_quotes(score, 40));
  const std::string norm = fields.text("qk_norm_type").value_or("per_layer");
  if (norm != "per_layer")
    throw Unsupported("config", "{}: qk_norm_type: {} is not supported", fields.where(),
                      in_quotes(norm, 40));
  if (fields.integer("shared_intermediate_size", {0, kMaxWidth}).value_or(0) != 0)
    throw Unsupported("config", "{}: shared_intermediate_size is not supported", fields.where());
  const auto kinds =
      fields.integers("attn_type_list", {0, 1}).value_or(std::vector<std::int64_t>{});
  if (std::ranges::find(kinds, 0) != kinds.end())
    throw Unsupported("config", "{}: attn_type_list: linear attention is not supported",
                      fields.where());
}

// Old files give the number of dimensions that rotate, not their share.
double rotary_share(const JsonFields& fields, std::int64_t head_dim) {
  const auto rotated = fields.integer("rotary_dim", {1, head_dim});
  return rotated ? static_cast<double>(*rotated) / static_cast<double>(head_dim) : 1;
}

}  // namespace

ModelConfig read_minimax_m2(const JsonFields& fields) {
  check_features(fields);
  ModelConfig config = read_decoder(fields, {.vocab_size = 200064,
                                             .hidden_size = 3072,
                                             .intermediate_size = 1536,
                                             .layers = 62,
                                             .attention_heads = 48,
                                             .kv_heads = 8,
                                             .head_dim = 128,
                                             .max_positions = 196608});
  config.joint_qk_norm = fields.flag("use_qk_norm").value_or(true);
  ExpertsConfig experts = read_expert_counts(fields, 256, 8);
  experts.intermediate_size = config.layers.front().intermediate_size;
  experts.score = RouterScore::sigmoid;
  experts.has_correction = fields.flag("use_routing_bias").value_or(true);
  experts.names = {.block = "block_sparse_moe", .gate = "w1", .up = "w3", .down = "w2"};
  config.experts = experts;
  for (LayerConfig& layer : config.layers)
    layer.has_experts = true;
  read_rope(
      fields,
      {.theta = 5e6, .partial_rotary_factor = rotary_share(fields, config.layers.front().head_dim)},
      config);
  return config;
}

}  // namespace ashlar
