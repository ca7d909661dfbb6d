// SPDX-License-Identifier: Apache-2.0
// The debug configurations of `ASHLAR_DEBUG`, a comma-separated list of names such as
// "full-barriers,poison". All configurations must compute the same results.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

struct DebugOptions {
  bool no_fusion = false;       // one kernel per array op
  bool no_alias = false;        // no two live ranges share arena bytes
  bool full_barriers = false;   // a barrier after every command
  bool sync_each = false;       // one submit and wait per command
  bool poison = false;          // fresh memory and the arena are filled with 0xFF (NaN) before use
  bool check_trace = false;     // trace closures again on every call and compare
  bool explain_traces = false;  // say on stderr why a closure is traced
  bool validation = false;      // Vulkan core and synchronization validation
  bool hazards = false;         // replay every recording through the hazard checker

  bool operator==(const DebugOptions&) const = default;
};

// Throws InvalidArgument on an unknown name; the message lists the known ones. Blanks around names
// and empty names are ignored.
DebugOptions parse_debug_options(std::string_view list);

// What ASHLAR_DEBUG says, read on every call.
DebugOptions debug_options_from_environment();

// The names that are on, joined by commas.
std::string to_string(const DebugOptions& options);
std::vector<std::string_view> debug_option_names();

}  // namespace ashlar
