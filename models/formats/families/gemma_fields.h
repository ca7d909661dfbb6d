// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/formats/decoder_fields.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ashlar {

// Sizes, and what sets Gemmas apart: scaled embeddings that are the head too, norms by one plus the
// weight (not in Gemma 4). Layers and rope are still to be read.
ModelConfig read_gemma_decoder(const JsonFields& fields, const DecoderDefaults& defaults);

// `key`, or `fallback` when the key is absent; none when it is null.
std::optional<double> find_softcap(const JsonFields& fields, std::string_view key, double fallback);

// Sets the window, and the layers from `layer_types` or, without it, so that every `pattern`-th is
// full.
void read_gemma_layers(const JsonFields& fields, std::int64_t window, std::int64_t pattern,
                       ModelConfig& config);

}  // namespace ashlar
