// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/executor.h"

#include "runtime/executor/hazard_checker.h"
#include "runtime/program/error.h"
#include "runtime/program/requirements.h"
#include "runtime/vulkan/device.h"
#include "runtime/vulkan/transfers.h"

#include <algorithm>

namespace ashlar {

Executor::Executor(Device& device, Program program, StateStore& states)
    : device_(device), program_(std::move(program)) {
  verify(program_);
  check_requirements(requirements_of(program_), device.profile());
  if (device.debug().hazards)
    require_no_hazards(program_);

  std::uint64_t arena_bytes = 0, table_bytes = 0;
  entries_.reserve(program_.entries.size());
  for (const Entry& entry : program_.entries) {
    arena_bytes = std::max(arena_bytes, entry.arena_bytes);
    table_bytes += entries_.emplace_back(program_, entry).table_bytes();
  }
  std::vector<Demand> demands = {{Residency::arena, arena_bytes},
                                 {Residency::weights, program_.constants.size()},
                                 {Residency::step, table_bytes}};
  for (const WeightGroup& group : program_.weight_groups)
    demands.push_back({Residency::weights, group.bytes});
  for (const StateSpec& spec : program_.states)
    if (!states.contains(spec.name))
      demands.push_back({spec.residency, byte_count(spec.dtype, spec.shape)});
  device.memory().check_budget(demands);

  for (const StateSpec& spec : program_.states)
    states_.push_back(&states.declare(spec));
  weights_.emplace(device, program_.weight_groups);
  constants_ = Buffer(device, program_.constants.size(), Residency::weights, "constants");
  arena_ = Buffer(device, arena_bytes, Residency::arena, "arena");
  record_table_ = Buffer(device, table_bytes, Residency::step, "records");
  pipelines_.resize(program_.kernels.size());
  device.transfers().write(constants_, 0, std::as_bytes(std::span(program_.constants)));

  std::uint64_t table_offset = 0;
  for (BoundEntry& bound : entries_) {
    place_entry(bound, table_offset);
    table_offset += bound.table_bytes();
  }
}

void Executor::place_entry(BoundEntry& bound, std::uint64_t table_offset) {
  bound.place(record_table_.mapped() + table_offset, record_table_.address() + table_offset);
  bound.bind_fixed({Space::constant, 0}, constants_);
  bound.bind_fixed({Space::arena, 0}, arena_);
  for (std::uint32_t i = 0; i < program_.weight_groups.size(); ++i)
    bound.bind_fixed({Space::weight, i}, weights_->buffer(i));
}

std::uint32_t Executor::entry_index(std::string_view name) const {
  const auto found = std::ranges::find(program_.entries, name, &Entry::name);
  if (found == program_.entries.end())
    throw InvalidArgument("executor", "the program has no entry '{}'", name);
  return static_cast<std::uint32_t>(found - program_.entries.begin());
}

void Executor::upload_weight(std::string_view name, std::span<const std::byte> bytes) {
  weights_->upload(name, bytes);
}

void Executor::load_weights(const WeightSource& source) {
  weights_->load(source);
}

Ticket Executor::run(std::uint32_t entry, std::span<const BufferView> inputs,
                     std::span<const BufferView> outputs, std::uint32_t repeat) {
  if (repeat == 0)
    throw InvalidArgument("executor", "a run repeats at least once");
  BoundEntry& bound = prepare(entry, inputs, outputs);
  if (!bound.recording) {
    const DebugOptions& debug = device_.debug();
    bound.recording.emplace(record(bound, {.full_barriers = debug.full_barriers,
                                           .split = debug.sync_each,
                                           .poisoned = debug.poison ? &arena_ : nullptr}));
    ++counters_.recordings;
  }
  ++counters_.runs;
  return submit(bound, bound.recording->parts(), repeat);
}

void Executor::run_and_wait(std::uint32_t entry, std::span<const BufferView> inputs,
                            std::span<const BufferView> outputs, std::uint32_t repeat) {
  device_.queue().wait(run(entry, inputs, outputs, repeat));
}

BoundEntry& Executor::entry_at(std::uint32_t entry) {
  if (entry >= entries_.size())
    throw InvalidArgument("executor", "entry {} of {}", entry, entries_.size());
  return entries_[entry];
}

BoundEntry& Executor::prepare(std::uint32_t entry, std::span<const BufferView> inputs,
                              std::span<const BufferView> outputs) {
  BoundEntry& bound = entry_at(entry);
  for (std::uint32_t group : bound.weights_read())
    weights_->require_ready(group);
  for (std::uint32_t state : bound.states_used())
    states_[state]->require_valid();
  counters_.records_patched += bound.bind_values(inputs, outputs, device_.queue());
  counters_.records_patched += bound.bind_states(states_, device_.queue());
  return bound;
}

Recording Executor::record(const BoundEntry& bound, const Recording::Options& options) {
  return Recording(
      {.device = device_,
       .program = program_,
       .entry = bound.entry(),
       .records = bound.records(),
       .pipeline = [&](std::uint32_t kernel) -> const Pipeline& { return pipeline(kernel); },
       .resolve = [&](const BufferRange& range) { return resolve(bound, range); }},
      options);
}

Ticket Executor::submit(BoundEntry& bound, std::span<const VkCommandBuffer> parts,
                        std::uint32_t repeat) {
  Queue& queue = device_.queue();
  const bool one_by_one = parts.size() > 1;
  try {
    if (!one_by_one) {
      bound.last_run = queue.submit(parts, repeat);
      ++counters_.submits;
    }
    for (std::uint32_t i = 0; one_by_one && i < repeat; ++i)
      for (std::size_t part = 0; part < parts.size(); ++part) {
        bound.last_run = queue.submit(parts.subspan(part, 1));
        ++counters_.submits;
        queue.wait(bound.last_run);
      }
  } catch (const Error&) {
    for (std::uint32_t state : bound.states_written())
      states_[state]->invalidate();
    throw;
  }
  counters_.dispatches += std::uint64_t{repeat} * bound.dispatches();
  for (std::uint32_t group : bound.weights_written())
    weights_->mark_filled(group);
  return bound.last_run;
}

const Pipeline& Executor::pipeline(std::uint32_t kernel) {
  std::optional<Pipeline>& slot = pipelines_[kernel];
  if (!slot)
    slot.emplace(device_, program_.kernels[kernel]);
  return *slot;
}

BufferView Executor::resolve(const BoundEntry& bound, const BufferRange& range) const {
  const auto view = [&]() -> BufferView {
    switch (range.space) {
    case Space::weight:
      return {&weights_->buffer(range.index)};
    case Space::constant:
      return {&constants_};
    case Space::state:
      return {&states_[range.index]->buffer()};
    case Space::arena:
      return {&arena_};
    case Space::input:
      return bound.input(range.index);
    case Space::output:
      return bound.output(range.index);
    }
    return {};
  }();
  return {view.buffer, view.offset + range.offset};
}

void Executor::warm_up(std::uint32_t entry) {
  const Recording recording = record(entry_at(entry), {.idle = true});
  device_.queue().wait(device_.queue().submit(recording.parts()));
}

}  // namespace ashlar
