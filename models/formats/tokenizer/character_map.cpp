// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/character_map.h"

#include "models/formats/base64.h"
#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/error.h"

#include <bit>
#include <cstring>

namespace ashlar::tokenizer {
namespace {

static_assert(std::endian::native == std::endian::little, "compiled maps are little-endian");

// The parts of a unit of the double array.
std::size_t offset_of(std::uint32_t unit) {
  return std::size_t{unit >> 10} << ((unit & 0x200) >> 6);
}
bool has_value(std::uint32_t unit) {
  return unit & 0x100;
}
std::uint32_t label_of(std::uint32_t unit) {
  return unit & 0x800000FF;
}
std::size_t value_of(std::uint32_t unit) {
  return unit & 0x7FFFFFFF;
}

}  // namespace

CharacterMap::CharacterMap(const JsonNode& node) {
  const auto decoded = decode_base64(node.as_string());
  if (!decoded)
    node.reject("expected base64");
  const std::string& bytes = *decoded;
  std::uint32_t trie_bytes = 0;
  if (bytes.size() < sizeof trie_bytes)
    node.reject("{} bytes: the length of the trie is missing", bytes.size());
  std::memcpy(&trie_bytes, bytes.data(), sizeof trie_bytes);
  if (trie_bytes == 0 || trie_bytes % 4 != 0 || trie_bytes > bytes.size() - sizeof trie_bytes)
    node.reject("a trie of {} bytes among {}: expected a multiple of 4 that fits", trie_bytes,
                bytes.size());
  units_.resize(trie_bytes / 4);
  std::memcpy(units_.data(), bytes.data() + sizeof trie_bytes, trie_bytes);
  replacements_ = bytes.substr(sizeof trie_bytes + trie_bytes);
  if (const auto offset = find_invalid_utf8(replacements_))
    node.reject("replacements are not UTF-8 at byte {}", *offset);
}

std::optional<std::string_view> CharacterMap::find(std::string_view text) const {
  std::size_t position = offset_of(unit(0));
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    position ^= byte;
    const std::uint32_t node = unit(position);
    // A NUL would find the value of the node before it.
    if (byte == 0 || label_of(node) != byte)
      return std::nullopt;
    position ^= offset_of(node);
    if (has_value(node))
      return replacement(value_of(unit(position)));
  }
  return std::nullopt;
}

std::uint32_t CharacterMap::unit(std::size_t index) const {
  if (index >= units_.size())
    throw FormatError("tokenizer", "precompiled_charsmap: unit {} of {} in the trie", index,
                      units_.size());
  return units_[index];
}

std::string_view CharacterMap::replacement(std::size_t begin) const {
  const std::string_view all = replacements_;
  if (begin >= all.size() || (static_cast<std::uint8_t>(all[begin]) & 0xC0) == 0x80)
    throw FormatError("tokenizer", "precompiled_charsmap: no replacement at byte {} of {}", begin,
                      all.size());
  return all.substr(begin, all.find('\0', begin) - begin);
}

}  // namespace ashlar::tokenizer
