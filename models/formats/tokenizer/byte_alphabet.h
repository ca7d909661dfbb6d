// SPDX-License-Identifier: Apache-2.0
// The byte alphabet of byte-level BPE (GPT-2): every byte has a printable character. Bytes that are
// printable in Latin-1 stand for themselves, the other 68 in increasing order for U+0100 and up.
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar::tokenizer {

// Appends the character of each byte.
void append_as_byte_alphabet(std::string& text, std::string_view bytes);

// The bytes that the characters of `text` stand for; nothing if one stands for none.
std::optional<std::string> bytes_of_alphabet(std::string_view text);

}  // namespace ashlar::tokenizer
