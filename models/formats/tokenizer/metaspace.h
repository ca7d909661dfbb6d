// SPDX-License-Identifier: Apache-2.0
// The options that the Metaspace pre-tokenizer and decoder share: spaces are written as a visible
// mark, and one may be put before the text.
#pragma once

#include "models/formats/tokenizer/json_node.h"

namespace ashlar::tokenizer {

enum class PrependScheme {
  kAlways,  // before every stretch between added tokens
  kFirst,   // only before the first character of the input
  kNever,
};

struct MetaspaceOptions {
  char32_t replacement = 0x2581;
  PrependScheme scheme = PrependScheme::kAlways;
};

MetaspaceOptions parse_metaspace(const JsonNode& node);

}  // namespace ashlar::tokenizer
