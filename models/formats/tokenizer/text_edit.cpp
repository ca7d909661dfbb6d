// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/text_edit.h"

#include "runtime/program/error.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

namespace ashlar::tokenizer {

std::string to_normal_form(std::string_view text, UnicodeForm form) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii))
    return std::string(text);
  const bool composes = form == UnicodeForm::kNfc || form == UnicodeForm::kNfkc;
  const bool is_compatible = form == UnicodeForm::kNfkc || form == UnicodeForm::kNfkd;
  const int options = UTF8PROC_STABLE | (composes ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE) |
                      (is_compatible ? UTF8PROC_COMPAT : 0);
  utf8proc_uint8_t* buffer = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &buffer,
                                   static_cast<utf8proc_option_t>(options));
  if (length == UTF8PROC_ERROR_NOMEM)
    throw std::bad_alloc();
  if (length < 0)
    throw InvalidArgument("tokenizer", "cannot normalize {} bytes of text: {}", text.size(),
                          utf8proc_errmsg(length));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(buffer, &std::free);
  return std::string(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(length));
}

}  // namespace ashlar::tokenizer
