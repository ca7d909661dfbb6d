// SPDX-License-Identifier: Apache-2.0
// The weight groups of one program on the device, and which of them have arrived. A group is ready
// when all its named weights were uploaded or, where it has none, when an entry has filled it.
#pragma once

#include "runtime/program/program.h"
#include "runtime/vulkan/memory.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ashlar {

class Device;

// Fills `chunk` with the bytes of a weight that start at `offset`; chunks come in order.
using WeightSource =
    std::function<void(const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk)>;

class Weights {
public:
  // Allocates every group. `groups` must outlive this.
  Weights(Device& device, const std::vector<WeightGroup>& groups);

  // Throws InvalidArgument on an unknown name or a wrong size.
  void upload(std::string_view name, std::span<const std::byte> bytes);
  // Streams every named weight through bounded staging memory, group by group.
  void load(const WeightSource& source);
  void mark_filled(std::uint32_t group) { groups_[group].unfilled = false; }

  const Buffer& buffer(std::uint32_t group) const { return groups_[group].buffer; }
  // Throws InvalidArgument, naming what is missing.
  void require_ready(std::uint32_t group) const;

private:
  struct Group {
    Buffer buffer;
    std::set<std::string_view> missing;
    bool unfilled = false;
  };
  struct Location {
    std::uint32_t group;
    const WeightSpec* spec;
  };

  Device& device_;
  std::vector<Group> groups_;
  std::unordered_map<std::string_view, Location> by_name_;
  std::vector<Location> in_order_;
};

}  // namespace ashlar
