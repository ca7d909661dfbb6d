// SPDX-License-Identifier: Apache-2.0
// One entry together with the buffers it is bound to at present. Its dispatch records always hold
// the addresses of those buffers; its recording survives every change of address, except of buffers
// that the recording itself names: those of copies, and of pushed arguments that are not indirect.
#pragma once

#include "runtime/executor/record_table.h"
#include "runtime/executor/recording.h"
#include "runtime/vulkan/memory.h"
#include "runtime/vulkan/queue.h"

#include <optional>
#include <set>
#include <span>
#include <vector>

namespace ashlar {

class DeviceState;

// Bytes. Kernels read and write vectors, so inputs and outputs start at multiples of it.
inline constexpr std::uint64_t kValueAlignment = 16;

class BoundEntry {
public:
  // `program` must outlive this; `entry` is one of its entries.
  BoundEntry(const Program& program, const Entry& entry);

  const Entry& entry() const { return entry_; }
  const RecordTable& records() const { return records_; }
  std::uint64_t table_bytes() const { return records_.bytes(); }
  std::size_t dispatches() const { return dispatches_; }
  // Buffers of a space, by index.
  const std::vector<std::uint32_t>& weights_read() const { return weights_read_; }
  const std::vector<std::uint32_t>& weights_written() const { return weights_written_; }
  const std::vector<std::uint32_t>& states_used() const { return states_used_; }
  const std::vector<std::uint32_t>& states_written() const { return states_written_; }

  // Where the records live; before any binding.
  void place(std::byte* mapped, std::uint64_t device_address);
  void bind_fixed(BufferKey key, const Buffer& buffer);

  // Bind what may change between runs; return how many addresses moved. Throw InvalidArgument, and
  // change nothing, where a value does not fit or an output overlaps another value that it may not
  // lie in. Waits for the last run where its records must change.
  std::size_t bind_values(std::span<const BufferView> inputs, std::span<const BufferView> outputs,
                          Queue& queue);
  std::size_t bind_states(std::span<DeviceState* const> states, Queue& queue);

  BufferView input(std::uint32_t index) const { return inputs_.views[index]; }
  BufferView output(std::uint32_t index) const { return outputs_.views[index]; }

  std::optional<Recording> recording;  // absent until the first run, and where it is stale
  Ticket last_run = 0;

private:
  struct Binding {
    std::uint64_t buffer_id = 0;
    std::uint64_t offset = 0;
    bool operator==(const Binding&) const = default;
  };
  struct Values {
    explicit Values(const std::vector<ValueSpec>& specs);

    std::vector<std::uint64_t> bytes;
    std::vector<BufferView> views;
    std::vector<Binding> bindings;
  };

  bool may_lie_in(std::size_t output, std::size_t input) const;
  void check_values(std::span<const BufferView> inputs, std::span<const BufferView> outputs) const;
  std::size_t rebind(BufferKey key, std::uint64_t address, Queue& queue);
  std::size_t bind_space(Space space, std::span<const BufferView> views, Values& values,
                         Queue& queue);

  const Entry& entry_;
  RecordTable records_;
  std::size_t dispatches_ = 0;
  std::vector<std::uint32_t> weights_read_, weights_written_, states_used_, states_written_;
  std::set<BufferKey> recorded_;  // buffers that the recording names
  Values inputs_, outputs_;
  std::vector<std::uint64_t> state_buffers_;  // ids, of states_used
};

}  // namespace ashlar
