// SPDX-License-Identifier: Apache-2.0
// Character properties of Oniguruma (`\p{...}` and `[:...:]`) in the words of PCRE2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ashlar::tokenizer {

// Items of a PCRE2 character class, to stand between brackets, for the shorthand classes. PCRE2's
// own
// `\s`, `\w` and `\h` name other sets.
inline constexpr std::string_view kSpaceItems = R"(\x09-\x0d\x{85}\p{Z})";
inline constexpr std::string_view kWordItems = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
// Outside of brackets `\w` and `\b` also take the fractions and superscripts of Latin-1 for words.
inline constexpr std::string_view kBareWordItems =
    R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\xb2\xb3\xb9\xbc-\xbe)";
inline constexpr std::string_view kHexDigitItems = "0-9A-Fa-f";

// Class items for the property `name` (without braces and `^`), or nothing if there is none. Names
// are compared without case, spaces, `_` and `-`, as in UAX #44-LM3.
std::optional<std::string> property_items(std::string_view name);

// Class items for the POSIX bracket `[:name:]`.
std::optional<std::string> posix_bracket_items(std::string_view name);

}  // namespace ashlar::tokenizer
