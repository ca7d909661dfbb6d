// SPDX-License-Identifier: Apache-2.0
#include "models/formats/split_projections.h"

namespace ashlar {

std::vector<ProjectionPart> split_projections(const RecurrenceConfig& sizes) {
  const std::int64_t shared = sizes.heads / sizes.groups, key = sizes.key_dim,
                     value = shared * sizes.value_dim, wide = 2 * key + 2 * value;
  const auto part = [](std::string_view stored, std::string_view name, std::int64_t period,
                       std::vector<RowSelection::Run> runs) {
    return ProjectionPart{stored, name, {.period = period, .runs = std::move(runs)}};
  };
  return {part("in_proj_qkvz", "in_proj_qkv", wide, {{0, key}, {key, key}, {2 * key, value}}),
          part("in_proj_qkvz", "in_proj_z", wide, {{2 * key + value, value}}),
          part("in_proj_ba", "in_proj_b", 2 * shared, {{0, shared}}),
          part("in_proj_ba", "in_proj_a", 2 * shared, {{shared, shared}})};
}

}  // namespace ashlar
