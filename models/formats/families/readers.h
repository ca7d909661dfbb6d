// SPDX-License-Identifier: Apache-2.0
// How each model family's config.json is read: everything but tokens, dtype and the values that a
// wrapper may keep outside. One file per family; `tied_embeddings` gets the family's default.
#pragma once

#include "models/formats/json_fields.h"
#include "models/formats/model_config.h"

namespace ashlar {

ModelConfig read_gemma(const JsonFields& fields);
ModelConfig read_gemma2(const JsonFields& fields);
ModelConfig read_gemma3(const JsonFields& fields);
ModelConfig read_gemma4(const JsonFields& fields);
ModelConfig read_gpt_oss(const JsonFields& fields);
ModelConfig read_llama(const JsonFields& fields);
ModelConfig read_mamba2(const JsonFields& fields);
ModelConfig read_minimax_m2(const JsonFields& fields);
ModelConfig read_ministral3(const JsonFields& fields);
ModelConfig read_mistral(const JsonFields& fields);
ModelConfig read_mixtral(const JsonFields& fields);
ModelConfig read_qwen2(const JsonFields& fields);
ModelConfig read_qwen2_moe(const JsonFields& fields);
ModelConfig read_qwen3(const JsonFields& fields);
ModelConfig read_qwen3_5(const JsonFields& fields);
ModelConfig read_qwen3_5_moe(const JsonFields& fields);
ModelConfig read_qwen3_moe(const JsonFields& fields);
ModelConfig read_qwen3_next(const JsonFields& fields);

}  // namespace ashlar
