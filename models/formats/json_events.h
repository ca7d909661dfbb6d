// SPDX-License-Identifier: Apache-2.0
// The one way by which untrusted JSON enters the parser.
#pragma once

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace ashlar {

// Base of handlers for parse_json_events, which derived classes complete with the other events of
// nlohmann::json::sax_parse. Handlers throw to stop.
class JsonEvents {
public:
  // `what` names the text, and `unit` the reader, in errors.
  JsonEvents(std::string_view unit, std::string_view what) : unit_(unit), what_(what) {}

  // `position` counts bytes from 1; `token` is what was read last.
  [[noreturn]] void invalid(std::size_t position, std::string_view token) const {
    throw FormatError(unit_, "{} is not valid JSON near byte {}: {}", what_, position,
                      in_quotes(token, 40));
  }
  bool parse_error(std::size_t position, const std::string& token, const std::exception&) const {
    invalid(position, token);
  }

private:
  std::string unit_;
  std::string what_;
};

template <typename Handler> void parse_json_events(std::string_view text, Handler& handler) {
  // The library takes a NUL byte for the end of the text and would ignore whatever follows it.
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos)
    handler.invalid(nul + 1, text.substr(nul, 1));
  nlohmann::json::sax_parse(text, &handler);
}

}  // namespace ashlar
