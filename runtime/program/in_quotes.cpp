// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/in_quotes.h"

#include <fmt/format.h>

#include <iterator>

namespace ashlar {

std::string in_quotes(std::string_view text, std::size_t limit) {
  std::string out = "\"";
  for (const char c : text.substr(0, limit)) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (c >= ' ' && c <= '~')
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
  }
  out += '"';
  if (text.size() > limit)
    fmt::format_to(std::back_inserter(out), "... ({} bytes)", text.size());
  return out;
}

}  // namespace ashlar
