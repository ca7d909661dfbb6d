// SPDX-License-Identifier: Apache-2.0
// Where lazy arrays are evaluated: one device with its queue, the states of closures, and the
// programs compiled so far. The first one is made on first use, on the default device
// (ASHLAR_DEVICE); others belong to streams (runtime/array/stream.h). All are kept until the
// process ends, so that arrays in static storage may outlive main.
//
// Thread-safety: all functions may be called from several threads. One lock of the process is held
// while graphs are traced and submitted, since several streams may need the same nodes.
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
  // The one that this thread uses.
  static Context& instance();
  // The one that this thread uses from now on; null for the first one. Gives what it was before.
  static Context* use(Context* context);
  // A new one, with a device of its own, chosen as by ASHLAR_DEVICE. Throws as Device.
  static Context& open(const std::string& selector);
  // The one in whose memory the value lies.
  static Context& of(const DeviceValue& value);

  Device& device() { return device_; }
  StateStore& states() { return states_; }
  ArrayMemory& memory() { return memory_; }
  // Held while graphs are traced or evaluated; recursive.
  static std::unique_lock<std::recursive_mutex> lock();

  // Computes what the arrays need and returns without waiting for the device. Throws
  // InvalidArgument for donated arrays, arrays of a trace, weights and what other streams hold, and
  // what compiling and running throw.
  void evaluate(std::span<const Array> arrays);
  // Evaluates, waits and copies to the host; an array that is evaluated may lie on another stream.
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

  // Evaluated arrays: a copy of the bytes, and the bytes where they lie if the device can use that,
  // else a copy.
  Array copy_of(const ArrayType& type, std::span<const std::byte> bytes);
  Array array_over(const ArrayType& type, const HostMemory& memory);

  Array read_state(const State& state);
  void write_state(const State& state, const Array& value);
  void reserve_rows(const State& state, std::int64_t rows);

  std::uint64_t compiled_programs() const { return programs_.compiled(); }

  // Blocks until everything submitted has finished.
  void synchronize();

private:
  explicit Context(DeviceOptions options);
  // The contents of an evaluated array or a constant, in this context's memory.
  std::shared_ptr<DeviceValue> value_here(Node& node);
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

  Device device_;
  ArrayMemory memory_;
  StateStore states_;
  ProgramCache programs_;
};

}  // namespace ashlar
