// SPDX-License-Identifier: Apache-2.0
// How the parts of the interpreter that do not know their place in the source report an error.
// `Template::render` turns a Failure into a TemplateError with the line being evaluated, and a
// Lacking into an Unsupported.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace ashlar::jinja {

// The operation fails in Jinja2 too, or crosses one of our limits.
class Failure : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Jinja2 can do this and we cannot.
class Lacking : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Failure(fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
[[noreturn]] void lack(fmt::format_string<Args...> format, Args&&... args) {
  throw Lacking(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace ashlar::jinja
