// SPDX-License-Identifier: Apache-2.0
#include "models/formats/expert_fields.h"

#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {

ExpertsConfig read_expert_counts(const JsonFields& fields, std::int64_t count,
                                 std::int64_t chosen) {
  const IntegerRange counts{1, kMaxExperts};
  ExpertsConfig experts;
  const auto local = fields.integer("num_local_experts", counts);
  experts.count = local ? *local : fields.integer("num_experts", counts).value_or(count);
  experts.chosen = fields.integer("num_experts_per_tok", counts).value_or(chosen);
  if (experts.chosen > experts.count)
    throw FormatError("config", "{}: num_experts_per_tok: expected at most {} experts, got {}",
                      fields.where(), experts.count, experts.chosen);
  return experts;
}

ExpertsConfig read_gemma_experts(const JsonFields& fields) {
  const auto size = [&](std::string_view key, std::int64_t most) {
    const auto value = fields.integer(key, {1, most});
    if (!value)
      fields.fail(key, "an integer");
    return *value;
  };
  ExpertsConfig experts;
  experts.count = size("num_experts", kMaxExperts);
  experts.chosen = size("top_k_experts", experts.count);
  experts.intermediate_size = size("moe_intermediate_size", kMaxWidth);
  experts.beside_mlp = true;
  return experts;
}

void read_qwen_experts(const JsonFields& fields, const ExpertsConfig& defaults,
                       ModelConfig& config) {
  ExpertsConfig experts = read_expert_counts(fields, defaults.count, defaults.chosen);
  const auto width = [&](std::string_view key, std::int64_t fallback) {
    return fields.integer(key, {1, kMaxWidth}).value_or(fallback);
  };
  experts.intermediate_size = width("moe_intermediate_size", defaults.intermediate_size);
  if (defaults.shared_intermediate_size > 0)
    experts.shared_intermediate_size =
        width("shared_expert_intermediate_size", defaults.shared_intermediate_size);
  experts.normalised = fields.flag("norm_topk_prob").value_or(defaults.normalised);

  const IntegerRange layers{0, kMaxLayers};
  const std::int64_t step = fields.integer("decoder_sparse_step", {1, kMaxLayers}).value_or(1);
  const auto without =
      fields.integers("mlp_only_layers", layers).value_or(std::vector<std::int64_t>{});
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    const auto layer = static_cast<std::int64_t>(i);
    config.layers[i].has_experts =
        (layer + 1) % step == 0 && std::ranges::find(without, layer) == without.end();
  }
  config.experts = experts;
}

}  // namespace ashlar
