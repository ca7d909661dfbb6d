// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/recurrent_config.h"

#include "runtime/program/error.h"

namespace ashlar::gguf {

using Json = nlohmann::json;

namespace {

struct HeadSizes {
  std::int64_t heads, groups, head_dim;
};

std::int64_t size_of(const Fields& fields, std::string_view key, std::int64_t most) {
  const std::int64_t value = fields.size(key);
  if (value > most)
    fields.fail(key, fmt::format("expected at most {}, got {}", most, value));
  return value;
}

HeadSizes read_heads(const Fields& fields) {
  const std::int64_t heads = size_of(fields, "ssm.time_step_rank", kMaxHeads),
                     groups = size_of(fields, "ssm.group_count", kMaxHeads),
                     width = size_of(fields, "ssm.inner_size", kMaxWidth);
  if (heads % groups != 0)
    fields.fail("ssm.group_count", fmt::format("expected a divisor of {} heads", heads));
  if (width % heads != 0)
    fields.fail("ssm.inner_size", fmt::format("expected a multiple of {} heads", heads));
  return {heads, groups, width / heads};
}

}  // namespace

void add_mamba2(const Fields& fields, Json& config) {
  const HeadSizes sizes = read_heads(fields);
  const std::int64_t width = sizes.heads * sizes.head_dim,
                     hidden = config["hidden_size"].get<std::int64_t>();
  if (width % hidden != 0)
    fields.fail("ssm.inner_size", fmt::format("expected a multiple of {}", hidden));
  config["num_heads"] = sizes.heads;
  config["n_groups"] = sizes.groups;
  config["head_dim"] = sizes.head_dim;
  config["expand"] = width / hidden;
  config["state_size"] = size_of(fields, "ssm.state_size", kMaxHeadDim);
  config["conv_kernel"] = size_of(fields, "ssm.conv_kernel", kMaxConvKernel);
  config["layer_norm_epsilon"] = config["rms_norm_eps"];
}

void add_delta_nets(const Fields& fields, Json& config) {
  const auto [heads, groups, value_dim] = read_heads(fields);
  config["linear_num_value_heads"] = heads;
  config["linear_num_key_heads"] = groups;
  config["linear_value_head_dim"] = value_dim;
  config["linear_key_head_dim"] = size_of(fields, "ssm.state_size", kMaxHeadDim);
  config["linear_conv_kernel_dim"] = size_of(fields, "ssm.conv_kernel", kMaxConvKernel);

  const auto layers = config["num_hidden_layers"].get<std::size_t>();
  const std::int64_t interval =
      fields.integer("full_attention_interval", {1, kMaxLayers}).value_or(4);
  const auto listed = fields.flags("attention.recurrent_layers", layers);
  Json& kinds = config["layer_types"] = Json::array();
  for (std::size_t i = 0; i < layers; ++i) {
    const bool recurrent =
        listed ? (*listed)[i] : (static_cast<std::int64_t>(i) + 1) % interval != 0;
    kinds.push_back(recurrent ? "linear_attention" : "full_attention");
  }
}

RecurrenceConfig delta_net_sizes(const Json& config) {
  const auto size = [&](const char* key) { return config.at(key).get<std::int64_t>(); };
  return {.groups = size("linear_num_key_heads"),
          .heads = size("linear_num_value_heads"),
          .key_dim = size("linear_key_head_dim"),
          .value_dim = size("linear_value_head_dim")};
}

}  // namespace ashlar::gguf
