// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/bound_entry.h"

#include "runtime/executor/state_store.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

std::vector<std::uint32_t> indices_in(const std::set<BufferKey>& keys, Space space) {
  std::vector<std::uint32_t> indices;
  for (const auto& [key_space, index] : keys)
    if (key_space == space)
      indices.push_back(index);
  return indices;
}

bool overlap(const BufferView& a, std::uint64_t a_bytes, const BufferView& b,
             std::uint64_t b_bytes) {
  return a.buffer == b.buffer && a_bytes != 0 && b_bytes != 0 && a.offset < b.offset + b_bytes &&
         b.offset < a.offset + a_bytes;
}

void check_view(const Entry& entry, const ValueSpec& value, const BufferView& view,
                std::uint64_t bytes) {
  if (!view.buffer || !*view.buffer)
    throw InvalidArgument("executor", "entry '{}': '{}' has no buffer", entry.name, value.name);
  const std::uint64_t size = view.buffer->bytes();
  if (view.offset > size || bytes > size - view.offset)
    throw InvalidArgument("executor",
                          "entry '{}': '{}' of type {} {}: expected {} bytes, got {} (offset {})",
                          entry.name, value.name, name_of(value.dtype), value.shape.to_string(),
                          bytes, size, view.offset);
  if (view.offset % kValueAlignment != 0)
    throw InvalidArgument("executor",
                          "entry '{}': '{}' starts at offset {}: expected a multiple "
                          "of {} bytes",
                          entry.name, value.name, view.offset, kValueAlignment);
}

}  // namespace

BoundEntry::Values::Values(const std::vector<ValueSpec>& specs)
    : views(specs.size()), bindings(specs.size()) {
  for (const ValueSpec& value : specs)
    bytes.push_back(byte_count(value.dtype, value.shape));
}

BoundEntry::BoundEntry(const Program& program, const Entry& entry)
    : entry_(entry), records_(program, entry), inputs_(entry.inputs), outputs_(entry.outputs) {
  std::set<BufferKey> read, written;
  const auto note = [&](const BufferRange& range, Access access) {
    if (access != Access::write)
      read.insert(key_of(range));
    if (access != Access::read)
      written.insert(key_of(range));
  };
  for (const Command& command : entry.commands) {
    if (const auto* dispatch = std::get_if<Dispatch>(&command)) {
      ++dispatches_;
      const Kernel& kernel = program.kernels[dispatch->kernel];
      for (std::uint32_t i = 0; i < dispatch->arguments.size(); ++i) {
        const auto& [range, access] = dispatch->arguments[i];
        note(range, access);
        const bool pushed = kernel.pushed && std::ranges::count(kernel.indirect, i) == 0;
        if (pushed || std::ranges::count(kernel.texels, i) > 0)
          recorded_.insert(key_of(range));
      }
    } else if (const auto* copy = std::get_if<Copy>(&command)) {
      note(copy->source, Access::read);
      note(copy->target, Access::write);
      recorded_.insert({key_of(copy->source), key_of(copy->target)});
    }
  }
  weights_read_ = indices_in(read, Space::weight);
  weights_written_ = indices_in(written, Space::weight);
  states_written_ = indices_in(written, Space::state);
  read.merge(written);
  states_used_ = indices_in(read, Space::state);
  state_buffers_.resize(states_used_.size());
}

void BoundEntry::place(std::byte* mapped, std::uint64_t device_address) {
  records_.place(mapped, device_address);
}

void BoundEntry::bind_fixed(BufferKey key, const Buffer& buffer) {
  records_.set_buffer(key, buffer.address());
}

std::size_t BoundEntry::bind_values(std::span<const BufferView> inputs,
                                    std::span<const BufferView> outputs, Queue& queue) {
  if (inputs.size() != inputs_.views.size() || outputs.size() != outputs_.views.size())
    throw InvalidArgument(
        "executor", "entry '{}': expected {} inputs and {} outputs, got {} and {}", entry_.name,
        inputs_.views.size(), outputs_.views.size(), inputs.size(), outputs.size());
  const auto same = [](const BufferView& view, const Binding& binding) {
    return view.buffer && view.buffer->id() == binding.buffer_id && view.offset == binding.offset;
  };
  if (std::ranges::equal(inputs, inputs_.bindings, same) &&
      std::ranges::equal(outputs, outputs_.bindings, same))
    return 0;
  check_values(inputs, outputs);
  return bind_space(Space::input, inputs, inputs_, queue) +
         bind_space(Space::output, outputs, outputs_, queue);
}

bool BoundEntry::may_lie_in(std::size_t output, std::size_t input) const {
  return std::ranges::any_of(entry_.donations, [&](const Donation& donation) {
    return donation.input == input && donation.output == output;
  });
}

void BoundEntry::check_values(std::span<const BufferView> inputs,
                              std::span<const BufferView> outputs) const {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check_view(entry_, entry_.inputs[i], inputs[i], inputs_.bytes[i]);
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const std::uint64_t bytes = outputs_.bytes[o];
    check_view(entry_, entry_.outputs[o], outputs[o], bytes);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (overlap(outputs[o], bytes, inputs[i], inputs_.bytes[i]) &&
          !(may_lie_in(o, i) && outputs[o].offset == inputs[i].offset))
        throw InvalidArgument("executor", "entry '{}': output '{}' overlaps input '{}'",
                              entry_.name, entry_.outputs[o].name, entry_.inputs[i].name);
    for (std::size_t other = 0; other < o; ++other)
      if (overlap(outputs[o], bytes, outputs[other], outputs_.bytes[other]))
        throw InvalidArgument("executor", "entry '{}': output '{}' overlaps output '{}'",
                              entry_.name, entry_.outputs[o].name, entry_.outputs[other].name);
  }
}

std::size_t BoundEntry::bind_space(Space space, std::span<const BufferView> views, Values& values,
                                   Queue& queue) {
  std::size_t patched = 0;
  for (std::uint32_t i = 0; i < views.size(); ++i) {
    const Binding binding{views[i].buffer->id(), views[i].offset};
    values.views[i] = views[i];
    if (values.bindings[i] == binding)
      continue;
    patched += rebind({space, i}, views[i].buffer->address() + views[i].offset, queue);
    values.bindings[i] = binding;
  }
  return patched;
}

std::size_t BoundEntry::bind_states(std::span<DeviceState* const> states, Queue& queue) {
  std::size_t patched = 0;
  for (std::size_t i = 0; i < states_used_.size(); ++i) {
    const Buffer& buffer = states[states_used_[i]]->buffer();
    if (state_buffers_[i] == buffer.id())
      continue;
    patched += rebind({Space::state, states_used_[i]}, buffer.address(), queue);
    state_buffers_[i] = buffer.id();
  }
  return patched;
}

std::size_t BoundEntry::rebind(BufferKey key, std::uint64_t address, Queue& queue) {
  queue.wait(last_run);
  if (recorded_.contains(key))
    recording.reset();
  return records_.set_buffer(key, address);
}

}  // namespace ashlar
