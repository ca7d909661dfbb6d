// SPDX-License-Identifier: Apache-2.0
// How byte-level BPE tokenizers of GGUF files cut text, by the names that the files give.
#pragma once

#include <string_view>

namespace ashlar::gguf {

struct PreTokenizer {
  std::string_view name;
  std::string_view pattern;  // empty: GPT-2's own, which ByteLevel has built in
  bool normalizes = false;   // to NFC
  bool ignores_merges = false;
  bool adds_bos = false;  // where the file does not say
};

// Throws Unsupported, listing the known names; `file` names the file in messages.
const PreTokenizer& find_pre_tokenizer(std::string_view name, std::string_view file);

// One with this pattern and behaviour, or null.
const PreTokenizer* match_pre_tokenizer(std::string_view pattern, bool normalizes,
                                        bool ignores_merges);

}  // namespace ashlar::gguf
