// SPDX-License-Identifier: Apache-2.0
// Text from untrusted files, made fit for error messages: printable ASCII and bounded in length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ashlar {

// `text` in double quotes with `\`, `"` and every byte outside printable ASCII escaped (`\xNN`).
// More than `limit` bytes of input are cut, and the quotes are followed by the full length.
std::string in_quotes(std::string_view text, std::size_t limit = 120);

}  // namespace ashlar
