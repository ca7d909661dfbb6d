// SPDX-License-Identifier: Apache-2.0
#include "codegen/spirv_words.h"

#include <cassert>
#include <cstring>

namespace ashlar::codegen {
namespace {

constexpr std::size_t kHeaderWords = 5;
constexpr std::uint32_t kOpEntryPoint = 15;

// Literal strings are zero terminated and padded to whole words.
std::vector<std::uint32_t> literal(std::string_view text) {
  std::vector<std::uint32_t> words(text.size() / 4 + 1);
  std::memcpy(words.data(), text.data(), text.size());
  return words;
}

std::size_t literal_words(std::span<const std::uint32_t> words) {
  return std::strlen(reinterpret_cast<const char*>(words.data())) / 4 + 1;
}

}  // namespace

std::vector<std::uint32_t> with_entry_point(std::span<const std::uint32_t> words,
                                            std::string_view name) {
  std::size_t at = kHeaderWords;
  while (at < words.size() && (words[at] & 0xffff) != kOpEntryPoint)
    at += words[at] >> 16;
  assert(at < words.size());

  // Opcode and length, execution model, function, name, interface.
  const std::size_t length = words[at] >> 16;
  const std::size_t name_at = at + 3;
  const std::vector<std::uint32_t> new_name = literal(name);
  const std::size_t old_size = literal_words(words.subspan(name_at));
  std::vector<std::uint32_t> result(words.begin(),
                                    words.begin() + static_cast<std::ptrdiff_t>(name_at));
  result[at] =
      static_cast<std::uint32_t>(length - old_size + new_name.size()) << 16 | kOpEntryPoint;
  result.insert(result.end(), new_name.begin(), new_name.end());
  const auto rest = words.subspan(name_at + old_size);
  result.insert(result.end(), rest.begin(), rest.end());
  return result;
}

}  // namespace ashlar::codegen
