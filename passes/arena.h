// SPDX-License-Identifier: Apache-2.0
// Static offsets for temporaries, by lifetime. Free of MLIR.
#pragma once

#include <cstdint>
#include <vector>

namespace ashlar {

// Starts of buffers within the arena, the constants and the weight groups.
inline constexpr std::int64_t kBufferAlignment = 256;

// Rounded up to the next buffer start.
std::int64_t aligned(std::int64_t bytes);

// A temporary that is in use from step `first` to step `last`, both included.
struct Lifetime {
  std::int64_t bytes;
  std::int64_t first;
  std::int64_t last;
};

struct ArenaLayout {
  std::vector<std::int64_t> offsets;  // one per lifetime
  std::int64_t bytes = 0;
};

// Largest first, each into the tightest gap between buffers that live at the same time. With
// `alias` = false nothing shares memory.
ArenaLayout lay_out_arena(const std::vector<Lifetime>& lifetimes, bool alias);

}  // namespace ashlar
