// SPDX-License-Identifier: Apache-2.0
// Rows of ids for an encoder: cut to size, and checked.
#pragma once

#include "models/formats/encoder_config.h"
#include "models/formats/tokenizer/tokenizer.h"

#include <cstdint>

namespace ashlar {

// Cuts a sequence to `max_tokens`, keeping each text's last token, which closes it: [CLS] text
// [SEP], or [CLS] first [SEP] second [SEP]. Of two texts the longer one is cut, of equal ones the
// second.
EncodedPair cut_to(EncodedPair row, std::int64_t max_tokens);

// Throws InvalidArgument for rows that are empty, longer than `max_tokens`, without a type for each
// id, or with ids or types outside the model's.
void check_row(const EncodedPair& row, const EncoderConfig& config, std::int64_t max_tokens);

}  // namespace ashlar
