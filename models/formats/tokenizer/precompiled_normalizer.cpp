// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/character_map.h"
#include "models/formats/tokenizer/normalizer.h"
#include "models/formats/tokenizer/utf8.h"

#include <utf8proc.h>

#include <utility>

namespace ashlar::tokenizer {
namespace {

// Longer clusters are only looked up by character, as in the reference.
constexpr std::size_t kMaxClusterBytes = 5;

// Where the grapheme cluster (UAX #29) that begins at `begin` ends.
std::size_t cluster_end(std::string_view text, std::size_t begin) {
  utf8proc_int32_t state = 0;
  std::size_t end = begin;
  auto last = static_cast<utf8proc_int32_t>(next_code_point(text, end));
  for (std::size_t next = end; next < text.size(); end = next) {
    const auto c = static_cast<utf8proc_int32_t>(next_code_point(text, next));
    if (utf8proc_grapheme_break_stateful(last, c, &state))
      break;
    last = c;
  }
  return end;
}

// Replaces grapheme clusters, or else their characters, by what the map has for them.
class Precompiled : public Normalizer {
public:
  explicit Precompiled(const JsonNode& node) : map_(node.at("precompiled_charsmap")) {}

  void apply(Stretch& stretch, WorkLimit& limit) const override {
    const std::string_view text = stretch.text;
    std::string result;
    result.reserve(text.size());
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = cluster_end(text, begin);
      append_cluster(result, text.substr(begin, end - begin));
      limit.check_size(result.size());
      begin = end;
    }
    stretch.text = std::move(result);
  }

private:
  void append_cluster(std::string& result, std::string_view cluster) const {
    if (cluster.size() <= kMaxClusterBytes)
      if (const auto replacement = map_.find(cluster)) {
        result += *replacement;
        return;
      }
    for (std::size_t offset = 0; offset < cluster.size();) {
      const std::string_view character = cluster.substr(offset, utf8_length(cluster[offset]));
      result += map_.find(character).value_or(character);
      offset += character.size();
    }
  }

  CharacterMap map_;
};

}  // namespace

std::unique_ptr<Normalizer> make_precompiled_normalizer(const JsonNode& node) {
  return std::make_unique<Precompiled>(node);
}

}  // namespace ashlar::tokenizer
