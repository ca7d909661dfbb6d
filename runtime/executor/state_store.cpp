// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/state_store.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/device.h"
#include "runtime/vulkan/transfers.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ashlar {
namespace {

Buffer allocate_state(Device& device, const StateSpec& spec) {
  const std::array demand = {Demand{spec.residency, byte_count(spec.dtype, spec.shape)}};
  device.memory().check_budget(demand);
  return Buffer(device, demand[0].bytes, spec.residency, spec.name);
}

void fill_with_zeros(Device& device, const Buffer& buffer) {
  if (!buffer.mapped())
    return device.transfers().fill(buffer, 0);
  device.queue().wait_idle();
  std::memset(buffer.mapped(), 0, buffer.bytes());
}

Shape with_rows(const Shape& shape, std::int64_t rows) {
  std::vector<std::int64_t> dims = shape.dims();
  dims[0] = rows;
  return Shape(std::move(dims));
}

void require_compatible(const DeviceState& state, const StateSpec& wanted, bool growable) {
  const bool same_capacity = state.shape() == wanted.shape;
  const bool enough = growable && wanted.growable && state.shape().rank() == wanted.shape.rank() &&
                      with_rows(wanted.shape, state.shape().dim(0)) == state.shape() &&
                      state.shape().dim(0) >= wanted.shape.dim(0);
  if (state.dtype() != wanted.dtype || growable != wanted.growable ||
      state.residency() != wanted.residency || !(same_capacity || enough))
    throw InvalidArgument("state", "'{}' exists as {} {}{}: expected {} {}{} of the same residency",
                          wanted.name, name_of(state.dtype()), state.shape().to_string(),
                          growable ? " growable" : "", name_of(wanted.dtype),
                          wanted.shape.to_string(), wanted.growable ? " growable" : "");
}

}  // namespace

DeviceState::DeviceState(Device& device, const StateSpec& spec)
    : spec_(spec), buffer_(allocate_state(device, spec)) {
  fill_with_zeros(device, buffer_);
}

void DeviceState::require_valid() const {
  if (!valid_)
    throw InvalidArgument(
        "state", "'{}' is invalid after a failed submit: reset it or write it as a whole", name());
}

DeviceState& StateStore::declare(const StateSpec& spec) {
  const auto found = states_.find(spec.name);
  if (found == states_.end())
    return states_.try_emplace(spec.name, device_, spec).first->second;
  require_compatible(found->second, spec, found->second.spec_.growable);
  return found->second;
}

DeviceState& StateStore::at(std::string_view name) {
  const auto found = states_.find(name);
  if (found == states_.end())
    throw InvalidArgument("state", "there is no state '{}'", name);
  return found->second;
}

std::vector<std::string> StateStore::names() const {
  std::vector<std::string> names;
  for (const auto& [name, state] : states_)
    names.push_back(name);
  return names;
}

void StateStore::write(std::string_view name, std::uint64_t offset,
                       std::span<const std::byte> bytes) {
  DeviceState& state = at(name);
  const bool whole = offset == 0 && bytes.size() == state.buffer_.bytes();
  if (!whole)
    state.require_valid();
  device_.transfers().write(state.buffer_, offset, bytes);
  state.valid_ = true;
}

void StateStore::read(std::string_view name, std::uint64_t offset, std::span<std::byte> bytes) {
  const DeviceState& state = at(name);
  state.require_valid();
  device_.transfers().read(state.buffer_, offset, bytes);
}

void StateStore::reset(std::string_view name) {
  DeviceState& state = at(name);
  fill_with_zeros(device_, state.buffer_);
  state.valid_ = true;
}

void StateStore::grow(std::string_view name, std::int64_t rows, std::int64_t max_rows) {
  DeviceState& state = at(name);
  if (!state.spec_.growable)
    throw InvalidArgument("state", "'{}' cannot grow", name);
  const std::int64_t capacity = state.shape().dim(0);
  if (rows <= capacity)
    return;
  if (rows > max_rows)
    throw InvalidArgument("state", "'{}' cannot grow to {} rows: at most {}", name, rows, max_rows);
  const std::int64_t doubled = checked_mul(capacity, 2).value_or(max_rows);
  StateSpec grown = state.spec_;
  grown.shape = with_rows(state.shape(), std::max(rows, std::min(doubled, max_rows)));
  Buffer buffer = allocate_state(device_, grown);
  fill_with_zeros(device_, buffer);
  device_.transfers().copy(state.buffer_, 0, buffer, 0, state.buffer_.bytes());
  state.spec_ = std::move(grown);
  state.buffer_ = std::move(buffer);
}

}  // namespace ashlar
