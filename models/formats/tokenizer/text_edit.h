// SPDX-License-Identifier: Apache-2.0
// Edits that several normalizers share.
#pragma once

#include "models/formats/tokenizer/normalizer.h"
#include "models/formats/tokenizer/utf8.h"

#include <string>
#include <string_view>
#include <utility>

namespace ashlar::tokenizer {

enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };

// `text` in a normal form of UAX #15.
std::string to_normal_form(std::string_view text, UnicodeForm form);

// Keeps the characters for which `keep` holds.
template <typename Keep> void filter_characters(Stretch& stretch, Keep keep) {
  std::string kept;
  kept.reserve(stretch.text.size());
  for (std::size_t offset = 0; offset < stretch.text.size();) {
    const std::size_t begin = offset;
    if (keep(next_code_point(stretch.text, offset)))
      kept.append(stretch.text, begin, offset - begin);
    else if (begin == 0)
      stretch.at_start = false;
  }
  stretch.text = std::move(kept);
}

// Replaces every character by what `append(text, c)` writes for it.
template <typename Append> void map_characters(Stretch& stretch, Append append) {
  std::string mapped;
  mapped.reserve(stretch.text.size());
  for (std::size_t offset = 0; offset < stretch.text.size();)
    append(mapped, next_code_point(stretch.text, offset));
  stretch.text = std::move(mapped);
}

}  // namespace ashlar::tokenizer
