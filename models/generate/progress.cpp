// SPDX-License-Identifier: Apache-2.0
#include "models/generate/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace ashlar {

WeightSource with_progress(WeightSource source, const Program& program, Progress progress) {
  if (!progress)
    return source;
  std::uint64_t total = 0;
  for (const WeightGroup& group : program.weight_groups)
    for (const WeightSpec& weight : group.weights)
      total += byte_count(weight.dtype, weight.shape);
  return [source = std::move(source), progress = std::move(progress), total,
          done = std::uint64_t{0}, shown = std::uint64_t{101}](
             const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) mutable {
    const std::uint64_t percent = done * 100 / std::max<std::uint64_t>(total, 1);
    if (percent != shown)
      progress(fmt::format("loading weights, {} %", percent));
    shown = percent;
    source(weight, offset, chunk);
    done += chunk.size();
  };
}

}  // namespace ashlar
