// SPDX-License-Identifier: Apache-2.0
// Runs the entries of a compiled program. Everything is allocated up front, each entry is recorded
// once, and a run is one submit: in the steady state the host allocates nothing and changes nothing
// but addresses that moved.
//
// Thread-safety: one thread at a time per executor and its StateStore.
#pragma once

#include "runtime/executor/bound_entry.h"
#include "runtime/executor/state_store.h"
#include "runtime/executor/weights.h"
#include "runtime/program/program.h"
#include "runtime/vulkan/pipeline.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

struct ExecutorCounters {
  std::uint64_t runs = 0;
  std::uint64_t submits = 0;
  std::uint64_t dispatches = 0;       // kernels run, repetitions counted
  std::uint64_t records_patched = 0;  // addresses written by runs
  std::uint64_t recordings = 0;
};

// One command of an entry, measured alone between barriers.
struct CommandTime {
  std::string label;
  std::string kernel;  // empty for a copy
  Cost cost;
  double start = 0;  // nanoseconds since the first command started
  double nanoseconds = 0;
};

struct ProfiledRun {
  std::vector<CommandTime> commands;  // in order
  double nanoseconds = 0;             // from the submit to its completion, as the host saw it
};

class Executor {
public:
  // Verifies the program, checks the budget, then allocates. The device and the store must outlive
  // the executor. Throws FormatError (inconsistent program), Unsupported (needs what the device
  // lacks), OutOfMemory, or InvalidArgument (a state of that name exists with another shape).
  Executor(Device& device, Program program, StateStore& states);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  const Program& program() const { return program_; }
  // Throws InvalidArgument where there is no such entry.
  std::uint32_t entry_index(std::string_view name) const;

  // Every weight that an entry reads must have arrived before its first run. Throw InvalidArgument
  // on unknown names and wrong sizes.
  void upload_weight(std::string_view name, std::span<const std::byte> bytes);
  void load_weights(const WeightSource& source);

  // Submits the entry `repeat` times in one submit and returns without waiting; the ticket is for
  // Queue::wait. Inputs and outputs must hold what the entry declares, start at a multiple of
  // kValueAlignment and stay alive until then; an output may overlap no other value, but be the
  // buffer of its donated input (Donation), which repetitions then read as it was left. Changing
  // them between runs patches addresses; an entry whose copies name them is recorded again.
  //
  // Throws InvalidArgument (bindings, missing weights, invalid states), DeviceLost or OutOfMemory;
  // after a failed submit the states it would have written are invalid.
  Ticket run(std::uint32_t entry, std::span<const BufferView> inputs,
             std::span<const BufferView> outputs, std::uint32_t repeat = 1);
  void run_and_wait(std::uint32_t entry, std::span<const BufferView> inputs,
                    std::span<const BufferView> outputs, std::uint32_t repeat = 1);

  // Makes the driver compile the kernels of an entry, without running them.
  void warm_up(std::uint32_t entry);

  // As run_and_wait, with each command alone between barriers and timestamps. Throws Unsupported
  // where the queue has no timestamps.
  ProfiledRun profile(std::uint32_t entry, std::span<const BufferView> inputs,
                      std::span<const BufferView> outputs);

  const ExecutorCounters& counters() const { return counters_; }

private:
  void place_entry(BoundEntry& bound, std::uint64_t table_offset);
  BoundEntry& entry_at(std::uint32_t entry);
  BoundEntry& prepare(std::uint32_t entry, std::span<const BufferView> inputs,
                      std::span<const BufferView> outputs);
  Recording record(const BoundEntry& bound, const Recording::Options& options);
  Ticket submit(BoundEntry& bound, std::span<const VkCommandBuffer> parts, std::uint32_t repeat);
  const Pipeline& pipeline(std::uint32_t kernel);
  BufferView resolve(const BoundEntry& bound, const BufferRange& range) const;

  Device& device_;
  Program program_;
  std::vector<DeviceState*> states_;  // by index of the program
  std::optional<Weights> weights_;
  Buffer constants_, arena_, record_table_;
  std::vector<std::optional<Pipeline>> pipelines_;  // created when first recorded
  std::vector<BoundEntry> entries_;
  ExecutorCounters counters_;
};

}  // namespace ashlar
