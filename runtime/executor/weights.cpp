// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/weights.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/device.h"
#include "runtime/vulkan/transfers.h"

namespace ashlar {

Weights::Weights(Device& device, const std::vector<WeightGroup>& groups) : device_(device) {
  for (std::uint32_t i = 0; i < groups.size(); ++i) {
    Group& group = groups_.emplace_back();
    group.buffer = Buffer(device, groups[i].bytes, Residency::weights,
                          groups[i].weights.empty() ? "prepacked" : groups[i].weights[0].name);
    group.unfilled = groups[i].weights.empty();
    for (const WeightSpec& weight : groups[i].weights) {
      group.missing.insert(weight.name);
      by_name_[weight.name] = in_order_.emplace_back(i, &weight);
    }
  }
}

void Weights::upload(std::string_view name, std::span<const std::byte> bytes) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end())
    throw InvalidArgument("weights", "the program has no weight '{}'", name);
  const auto [group, spec] = found->second;
  const std::uint64_t expected = byte_count(spec->dtype, spec->shape);
  if (bytes.size() != expected)
    throw InvalidArgument("weights", "'{}' of type {} {}: expected {} bytes, got {}", name,
                          name_of(spec->dtype), spec->shape.to_string(), expected, bytes.size());
  device_.transfers().write(groups_[group].buffer, spec->offset, bytes);
  groups_[group].missing.erase(name);
}

void Weights::load(const WeightSource& source) {
  for (const auto& [group, spec] : in_order_) {
    device_.transfers().write(
        groups_[group].buffer, spec->offset, byte_count(spec->dtype, spec->shape),
        [&](std::uint64_t offset, std::span<std::byte> chunk) { source(*spec, offset, chunk); });
    groups_[group].missing.erase(spec->name);
  }
}

void Weights::require_ready(std::uint32_t index) const {
  const Group& group = groups_[index];
  if (!group.missing.empty())
    throw InvalidArgument("weights", "'{}' and {} more of its group were not uploaded",
                          *group.missing.begin(), group.missing.size() - 1);
  if (group.unfilled)
    throw InvalidArgument("weights", "group {} is read before an entry has filled it", index);
}

}  // namespace ashlar
