// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/head_order.h"

namespace ashlar::gguf {
namespace {

// Of values [outer, inner, width], behind `kept` others, those of [inner, outer, width].
RowSelection swap_axes(std::int64_t kept, std::int64_t inner, std::int64_t width) {
  RowSelection rows{.kept = kept, .period = inner * width, .runs = {}};
  for (std::int64_t i = 0; i < inner; ++i)
    rows.runs.push_back({i * width, width});
  return rows;
}

RowSelection reordered(const RecurrenceConfig& sizes, HeadOrder wanted, std::int64_t kept,
                       std::int64_t width) {
  const std::int64_t inner =
      wanted == HeadOrder::of_folder ? sizes.groups : sizes.heads / sizes.groups;
  return swap_axes(kept, inner, width);
}

}  // namespace

std::optional<RowSelection> rows_by_head(std::string_view tensor, const RecurrenceConfig& sizes,
                                         HeadOrder wanted) {
  if (tensor == "linear_attn.in_proj_qkv.weight" || tensor == "linear_attn.conv1d.weight")
    return reordered(sizes, wanted, 2 * sizes.key_width(), sizes.value_dim);
  if (tensor == "linear_attn.in_proj_z.weight")
    return reordered(sizes, wanted, 0, sizes.value_dim);
  if (tensor == "linear_attn.in_proj_a.weight" || tensor == "linear_attn.in_proj_b.weight" ||
      tensor == "linear_attn.A_log" || tensor == "linear_attn.dt_bias")
    return reordered(sizes, wanted, 0, 1);
  return std::nullopt;
}

std::optional<RowSelection> columns_by_head(std::string_view tensor, const RecurrenceConfig& sizes,
                                            HeadOrder wanted) {
  if (tensor == "linear_attn.out_proj.weight")
    return reordered(sizes, wanted, 0, sizes.value_dim);
  return std::nullopt;
}

}  // namespace ashlar::gguf
