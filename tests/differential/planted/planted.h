// SPDX-License-Identifier: Apache-2.0
// Whether a planted bug is switched on: ASHLAR_PLANTED_BUG names it. Only the sources that
// plant_bugs.py writes include this, in builds with ASHLAR_PLANTED_BUGS.
#pragma once

#include <cstdlib>
#include <string_view>

namespace ashlar::testing {

inline bool planted(std::string_view name) {
  const char* chosen = std::getenv("ASHLAR_PLANTED_BUG");
  return chosen && name == chosen;
}

}  // namespace ashlar::testing
