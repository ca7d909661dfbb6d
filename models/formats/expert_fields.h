// SPDX-License-Identifier: Apache-2.0
// The parts of config.json that families with mixtures of experts share.
#pragma once

#include "models/formats/json_fields.h"
#include "models/formats/model_config.h"

namespace ashlar {

inline constexpr std::int64_t kMaxExperts = 1 << 12;

// How many experts there are (`num_local_experts` or `num_experts`) and how many a token goes
// through (`num_experts_per_tok`); the arguments are what the family assumes for absent keys.
// Nothing else is read. Throws FormatError when more are chosen than there are.
ExpertsConfig read_expert_counts(const JsonFields& fields, std::int64_t count, std::int64_t chosen);

// As Gemma 4 spells it: `num_experts`, `top_k_experts` and `moe_intermediate_size`, which must be
// there.
ExpertsConfig read_gemma_experts(const JsonFields& fields);

// Qwen's: `moe_intermediate_size`, `norm_topk_prob`, and layers without experts by
// `decoder_sparse_step` and `mlp_only_layers`. Sets `config.experts` and the layers' part.
void read_qwen_experts(const JsonFields& fields, const ExpertsConfig& defaults,
                       ModelConfig& config);

}  // namespace ashlar
