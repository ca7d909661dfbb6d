// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/regex_property.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace ashlar::tokenizer {
namespace {

using NamePair = std::pair<std::string_view, std::string_view>;

// Long names of the general categories (UCD, PropertyValueAliases.txt).
constexpr auto kCategories = std::to_array<NamePair>({
    {"letter", "L"},
    {"casedletter", "L&"},
    {"lc", "L&"},
    {"uppercaseletter", "Lu"},
    {"lowercaseletter", "Ll"},
    {"titlecaseletter", "Lt"},
    {"modifierletter", "Lm"},
    {"otherletter", "Lo"},
    {"mark", "M"},
    {"combiningmark", "M"},
    {"nonspacingmark", "Mn"},
    {"spacingmark", "Mc"},
    {"enclosingmark", "Me"},
    {"number", "N"},
    {"decimalnumber", "Nd"},
    {"letternumber", "Nl"},
    {"othernumber", "No"},
    {"punctuation", "P"},
    {"connectorpunctuation", "Pc"},
    {"dashpunctuation", "Pd"},
    {"openpunctuation", "Ps"},
    {"closepunctuation", "Pe"},
    {"initialpunctuation", "Pi"},
    {"finalpunctuation", "Pf"},
    {"otherpunctuation", "Po"},
    {"symbol", "S"},
    {"mathsymbol", "Sm"},
    {"currencysymbol", "Sc"},
    {"modifiersymbol", "Sk"},
    {"othersymbol", "So"},
    {"separator", "Z"},
    {"lineseparator", "Zl"},
    {"paragraphseparator", "Zp"},
    {"spaceseparator", "Zs"},
    {"other", "C"},
    {"control", "Cc"},
    {"format", "Cf"},
    {"surrogate", "Cs"},
    {"privateuse", "Co"},
    {"unassigned", "Cn"},
});

// The POSIX classes in their Unicode reading (Oniguruma, doc/RE, "POSIX bracket").
constexpr auto kPosixClasses = std::to_array<NamePair>({
    {"alnum", R"(\p{Alphabetic}\p{Nd})"},
    {"alpha", R"(\p{Alphabetic})"},
    {"ascii", R"(\x00-\x7f)"},
    {"blank", R"(\x09\p{Zs})"},
    {"cntrl", R"(\p{Cc})"},
    {"digit", R"(\p{Nd})"},
    {"lower", R"(\p{Lowercase})"},
    {"punct", R"(\p{P})"},
    {"space", kSpaceItems},
    {"upper", R"(\p{Uppercase})"},
    {"word", kWordItems},
    {"xdigit", kHexDigitItems},
});

std::optional<std::string_view> find_name(const auto& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const NamePair& entry) { return entry.first == name; });
  if (found == table.end())
    return std::nullopt;
  return found->second;
}

std::string simplified(std::string_view name) {
  std::string result;
  for (const unsigned char c : name)
    if (c != ' ' && c != '_' && c != '-')
      result.push_back(static_cast<char>(std::tolower(c)));
  return result;
}

bool pcre2_knows(const std::string& item) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(item.data()), item.size(),
                                   PCRE2_UTF, &error, &offset, nullptr);
  pcre2_code_free(code);
  return code != nullptr;
}

}  // namespace

std::optional<std::string> property_items(std::string_view name) {
  const std::string key = simplified(name);
  const bool is_plain = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '&';
  });
  if (!is_plain)
    return std::nullopt;
  if (const auto items = find_name(kPosixClasses, key))
    return std::string(*items);
  const std::string category(find_name(kCategories, key).value_or(key));
  // A script name alone would mean Script_Extensions to PCRE2.
  for (const auto& item : {"\\p{sc:" + category + "}", "\\p{" + category + "}"})
    if (pcre2_knows(item))
      return item;
  return std::nullopt;
}

std::optional<std::string> posix_bracket_items(std::string_view name) {
  // Unlike \p{Punct}, the bracket also holds the symbols.
  if (name == "punct")
    return R"(\p{P}\p{S})";
  const auto items = find_name(kPosixClasses, name);
  if (!items)
    return std::nullopt;
  return std::string(*items);
}

}  // namespace ashlar::tokenizer
