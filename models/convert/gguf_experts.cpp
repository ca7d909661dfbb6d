// SPDX-License-Identifier: Apache-2.0
#include "models/convert/gguf_experts.h"

#include "models/convert/weight_rows.h"

#include <fmt/format.h>

#include <charconv>

namespace ashlar {
namespace {

// The projections that `name` stands for.
std::string_view gguf_projection(std::string_view name, const ExpertNames& names) {
  return name == names.gate ? "ffn_gate_exps" : name == names.up ? "ffn_up_exps" : "ffn_down_exps";
}

// "3.w1.weight" of experts that are stored one by one.
std::vector<ExpertSlice> slice_one(std::string_view name, const Shape& shape,
                                   const ExpertNames& names) {
  std::int64_t expert = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), expert);
  constexpr std::string_view kWeight = ".weight";
  if (error != std::errc() || *end != '.' || !name.ends_with(kWeight) || shape.rank() != 2)
    return {};
  std::string_view module(end + 1, name.data() + name.size() - kWeight.size());
  if (module != names.gate && module != names.up && module != names.down)
    return {};
  return {{.tensor = fmt::format("{}.weight", gguf_projection(module, names)),
           .expert = expert,
           .shape = shape,
           .row_step = shape.dim(1)}};
}

// Inputs first, gate and up in turns: [E, H, 2 I] and [E, I, H].
std::vector<ExpertSlice> slice_interleaved(std::string_view name, const Shape& shape) {
  const std::int64_t width = shape.dim(-1);
  if (name == "gate_up_proj" && shape.rank() == 3) {
    const Shape half{width / 2, shape.dim(1)};
    return {{"ffn_gate_exps.weight", {}, half, 0, 2, width},
            {"ffn_up_exps.weight", {}, half, 1, 2, width}};
  }
  if (name == "gate_up_proj_bias" && shape.rank() == 2)
    return {{"ffn_gate_exps.bias", {}, {width / 2}, 0, 0, 2},
            {"ffn_up_exps.bias", {}, {width / 2}, 1, 0, 2}};
  if (name == "down_proj" && shape.rank() == 3)
    return {{"ffn_down_exps.weight", {}, {width, shape.dim(1)}, 0, 1, width}};
  if (name == "down_proj_bias" && shape.rank() == 2)
    return {{"ffn_down_exps.bias", {}, {width}}};
  return {};
}

// [E, 2 I, H], the gate first, and [E, H, I].
std::vector<ExpertSlice> slice_halves(std::string_view name, const Shape& shape, bool keeps_gates) {
  if (shape.rank() != 3)
    return {};
  const std::int64_t rows = shape.dim(1), width = shape.dim(2);
  if (name == "gate_up_proj" && keeps_gates)
    return {{"ffn_gate_up_exps.weight", {}, {rows, width}, 0, width}};
  if (name == "gate_up_proj")
    return {{"ffn_gate_exps.weight", {}, {rows / 2, width}, 0, width},
            {"ffn_up_exps.weight", {}, {rows / 2, width}, rows / 2 * width, width}};
  if (name == "down_proj")
    return {{"ffn_down_exps.weight", {}, {rows, width}, 0, width}};
  return {};
}

}  // namespace

std::vector<ExpertSlice> slice_experts(std::string_view name, const Shape& shape,
                                       const ModelConfig& config) {
  if (!config.experts)
    return {};
  const ExpertsConfig& experts = *config.experts;
  const std::string module =
      experts.beside_mlp ? "experts." : fmt::format("{}.experts.", experts.names.block);
  if (!name.starts_with(module))
    return {};
  name.remove_prefix(module.size());
  if (!name.empty() && name.front() >= '0' && name.front() <= '9')
    return slice_one(name, shape, experts.names);
  return experts.interleaved ? slice_interleaved(name, shape)
                             : slice_halves(name, shape, experts.beside_mlp);
}

ExpertRows::ExpertRows(const ModelSource& model, std::vector<WeightSpec> weights, ExpertSlice slice)
    : model_(model), weights_(std::move(weights)), slice_(std::move(slice)),
      rows_(slice_.shape.rank() == 1 ? 1 : slice_.shape.dim(0)) {}

void ExpertRows::read(std::int64_t row, std::span<float> out) {
  if (loaded_ != row / rows_)
    load(row / rows_);
  const std::int64_t start = slice_.first + row % rows_ * slice_.row_step;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = numbers_[static_cast<std::size_t>(start +
                                               static_cast<std::int64_t>(i) * slice_.column_step)];
}

void ExpertRows::load(std::int64_t expert) {
  const WeightSpec& weight = weights_[slice_.expert ? static_cast<std::size_t>(expert) : 0];
  const std::int64_t count = slice_.expert ? weight.shape.element_count()
                                           : weight.shape.element_count() / weight.shape.dim(0);
  std::vector<std::byte> stored(static_cast<std::size_t>(count) * size_of(weight.dtype));
  model_.read_weight(weight, slice_.expert ? 0 : static_cast<std::uint64_t>(expert) * stored.size(),
                     stored);
  numbers_.resize(static_cast<std::size_t>(count));
  to_floats(stored, weight.dtype, numbers_);
  loaded_ = expert;
}

}  // namespace ashlar
