// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/debug_options.h"

#include "runtime/program/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace ashlar {
namespace {

struct Option {
  std::string_view name;
  bool DebugOptions::* field;
};

constexpr std::array kOptions = {
    Option{"no-fusion", &DebugOptions::no_fusion},
    Option{"no-alias", &DebugOptions::no_alias},
    Option{"full-barriers", &DebugOptions::full_barriers},
    Option{"sync-each", &DebugOptions::sync_each},
    Option{"poison", &DebugOptions::poison},
    Option{"check-trace", &DebugOptions::check_trace},
    Option{"explain-traces", &DebugOptions::explain_traces},
    Option{"validation", &DebugOptions::validation},
    Option{"hazards", &DebugOptions::hazards},
};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

DebugOptions parse_debug_options(std::string_view list) {
  DebugOptions options;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view name = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (name.empty())
      continue;
    const auto option = std::ranges::find(kOptions, name, &Option::name);
    if (option == kOptions.end())
      throw InvalidArgument("debug", "unknown name '{}' in ASHLAR_DEBUG: expected one of {}", name,
                            fmt::join(debug_option_names(), ", "));
    options.*option->field = true;
  }
  return options;
}

DebugOptions debug_options_from_environment() {
  const char* value = std::getenv("ASHLAR_DEBUG");
  return value ? parse_debug_options(value) : DebugOptions{};
}

std::string to_string(const DebugOptions& options) {
  std::vector<std::string_view> names;
  for (const Option& option : kOptions)
    if (options.*option.field)
      names.push_back(option.name);
  return fmt::format("{}", fmt::join(names, ","));
}

std::vector<std::string_view> debug_option_names() {
  std::vector<std::string_view> names;
  for (const Option& option : kOptions)
    names.push_back(option.name);
  return names;
}

}  // namespace ashlar
