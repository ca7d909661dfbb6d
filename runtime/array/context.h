// SPDX-License-Identifier: Apache-2.0
// Where lazy arrays are evaluated: one device, the states of closures, and the programs compiled so
// far. Created on first use on the default device (ASHLAR_DEVICE) and kept until the process ends,
// so that arrays in static storage may outlive main.
//
// Thread-safety: all functions may be called from several threads; evaluation is serialised.
#pragma once

#include "runtime/array/array.h"
#include "runtime/array/array_memory.h"
#include "runtime/array/program_cache.h"
#include "runtime/array/state.h"
#include "runtime/executor/state_store.h"
#include "runtime/vulkan/device.h"

#include <mutex>

namespace ashlar {

class Context {
public:
  static Context& instance();

  Device& device() { return device_; }
  StateStore& states() { return states_; }
  ArrayMemory& memory() { return memory_; }
  // Held while graphs are traced or evaluated; recursive.
  std::unique_lock<std::recursive_mutex> lock() { return std::unique_lock(mutex_); }

  // Computes what the arrays need and returns without waiting for the device. Throws
  // InvalidArgument for donated arrays, arrays of a trace and weights, and what compiling and
  // running throw.
  void evaluate(std::span<const Array> arrays);
  // Waits for an evaluated array and copies it to the host.
  std::vector<std::byte> read(const Array& array);

  // The compiled program of `graph`, for `run`; `dynamic_extents` as in CompileOptions.
  std::shared_ptr<Executor> executor_for(const Graph& graph, bool dynamic_extents);
  // Runs the first entry of a program on evaluated or lazy inputs, which must have the types that
  // it declares.
  std::vector<Array> run(Executor& executor, std::span<const Array> inputs,
                         std::span<const std::size_t> donated);
  // The same where a program has room for more: inputs may have fewer elements than it declares,
  // and outputs are the beginnings of what it computes, of the given types. Outputs may take the
  // memory of those `donated` inputs that the program can write over and no other input needs.
  std::vector<Array> run(Executor& executor, std::span<const Array> inputs,
                         std::span<const ArrayType> outputs, std::span<const std::size_t> donated);

  Array read_state(const State& state);
  void write_state(const State& state, const Array& value);
  void reserve_rows(const State& state, std::int64_t rows);

  std::uint64_t compiled_programs() const { return programs_.compiled(); }

  // Blocks until everything submitted has finished.
  void synchronize();

private:
  Context();
  // Gives the host calls that `roots` depend on their values.
  void run_host_calls(std::span<const NodeRef> roots);
  std::vector<std::vector<std::byte>> run_on_host(const Node& call);
  std::shared_ptr<DeviceValue> upload(const ArrayType& type, std::span<const std::byte> bytes);
  std::shared_ptr<DeviceValue> allocate(const ArrayType& type);
  // `value`, in memory of at least `bytes`.
  std::shared_ptr<DeviceValue> with_room(std::shared_ptr<DeviceValue> value, std::uint64_t bytes);
  std::vector<std::shared_ptr<DeviceValue>> execute(Executor& executor,
                                                    std::span<const NodeRef> inputs,
                                                    std::span<const ArrayType> outputs,
                                                    std::span<const std::size_t> donated);
  DeviceState& declare(const State& state);

  std::recursive_mutex mutex_;
  Device device_;
  ArrayMemory memory_;
  StateStore states_;
  ProgramCache programs_;
};

}  // namespace ashlar
