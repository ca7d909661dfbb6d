// SPDX-License-Identifier: Apache-2.0
// The programs that `ashlar probe` runs.
#pragma once

#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

#include <string>

namespace ashlar {

// Entries over arrays of `bytes` bytes, a power of two of at least 1 MiB:
//   fill             outputs random words
//   copy             words in, words out
//   read ...         several kernels that read everything and write little
// Each "read" takes the array as its first input, and as a second one, if any, something small.
Program bandwidth_program(const DeviceProfile& profile, std::uint64_t bytes);

// Entries "single", "dependent" and "independent": one tiny kernel, once or `count` times, with a
// barrier before each or none at all. No inputs or outputs.
Program dispatch_program(const DeviceProfile& profile, std::uint32_t count);

}  // namespace ashlar
