// SPDX-License-Identifier: Apache-2.0
// Errors of chat templates. A template that breaks the language's rules, or whose evaluation fails,
// ends in TemplateError; one that uses a construct of Jinja2 we do not implement ends in
// `Unsupported`, which names the construct.
#pragma once

#include "runtime/program/error.h"

#include <string>
#include <string_view>

namespace ashlar {

class TemplateError : public Error {
public:
  // `line` counts from 1 in the template source; 0 when no line is to blame.
  TemplateError(std::string_view message, int line)
      : Error("template",
              line > 0 ? fmt::format("{} (line {})", message, line) : std::string(message)),
        line_(line) {}

  int line() const noexcept { return line_; }

private:
  int line_;
};

}  // namespace ashlar
