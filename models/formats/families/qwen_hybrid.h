// SPDX-License-Identifier: Apache-2.0
// What Qwen 3.5 and Qwen3-Next share: gated delta nets, with gated attention in between.
#pragma once

#include "models/formats/decoder_fields.h"

namespace ashlar {

// All but the feed-forward. `defaults` as for read_decoder.
ModelConfig read_qwen_hybrid(const JsonFields& fields, const DecoderDefaults& defaults);

// Throws Unsupported where `attn_output_gate` is false.
void refuse_ungated_attention(const JsonFields& fields);

}  // namespace ashlar
