// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/origin.h"

#include <fmt/format.h>

#include <optional>

namespace ashlar {
namespace {

thread_local std::shared_ptr<const std::string> current_scope;
thread_local std::optional<std::source_location> current_line;

}  // namespace

Scope::Scope(std::string_view name) : outer_(current_scope) {
  current_scope = std::make_shared<const std::string>(outer_ ? fmt::format("{}.{}", *outer_, name)
                                                             : std::string(name));
}

Scope::~Scope() {
  current_scope = std::move(outer_);
}

std::string_view Scope::current() {
  return current_scope ? std::string_view(*current_scope) : std::string_view();
}

WrittenAt::WrittenAt(std::source_location where) : outermost_(!current_line) {
  if (outermost_)
    current_line = where;
}

WrittenAt::~WrittenAt() {
  if (outermost_)
    current_line.reset();
}

BuiltFor::BuiltFor(const Origin& origin)
    : outer_(current_origin()), had_line_(current_line.has_value()) {
  current_scope = origin.scope;
  current_line = origin.where;
}

BuiltFor::~BuiltFor() {
  current_scope = std::move(outer_.scope);
  current_line.reset();
  if (had_line_)
    current_line = outer_.where;
}

Origin current_origin() {
  return {current_scope, current_line.value_or(std::source_location())};
}

}  // namespace ashlar
