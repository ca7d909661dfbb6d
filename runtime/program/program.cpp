// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/program.h"

#include "runtime/program/error.h"

#include <algorithm>
#include <bit>
#include <set>
#include <string_view>

namespace ashlar {
namespace {

constexpr int kMaxRank = 8;
constexpr std::uint32_t kSpirvMagic = 0x07230203;
constexpr std::size_t kSpirvHeaderWords = 5;
constexpr std::uint64_t kMaxWorkgroupInvocations = 65536;
constexpr std::uint32_t kMaxSubgroupSize = 128;

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw FormatError("program", std::string_view(fmt::format(format, std::forward<Args>(args)...)));
}

// Bytes of a tensor that a program names; its shape may come from a file.
std::uint64_t checked_bytes(std::string_view name, DType dtype, const Shape& shape) {
  if (static_cast<int>(dtype) >= kDTypeCount)
    fail("'{}' has an unknown dtype {}", name, static_cast<int>(dtype));
  if (shape.rank() > kMaxRank)
    fail("'{}' has rank {}: expected at most {}", name, shape.rank(), kMaxRank);
  try {
    return byte_count(dtype, shape);
  } catch (const InvalidArgument& error) {
    fail("'{}': {}", name, error.what());
  }
}

void require_unique(std::set<std::string_view>& seen, std::string_view what,
                    std::string_view name) {
  if (name.empty())
    fail("{} without a name", what);
  if (!seen.insert(name).second)
    fail("{} '{}' appears twice", what, name);
}

void verify_kernel(const Kernel& kernel) {
  if (kernel.spirv.size() < kSpirvHeaderWords || kernel.spirv[0] != kSpirvMagic)
    fail("kernel '{}' holds no SPIR-V module", kernel.name);
  std::uint64_t invocations = 1;
  for (std::uint32_t size : kernel.workgroup_size) {
    if (size == 0 || size > kMaxWorkgroupInvocations)
      fail("kernel '{}' has a workgroup size of {}", kernel.name, size);
    invocations *= size;
  }
  if (invocations > kMaxWorkgroupInvocations)
    fail("kernel '{}' has {} invocations in a workgroup: expected at most {}", kernel.name,
         invocations, kMaxWorkgroupInvocations);
  if (kernel.subgroup_size != 0 &&
      (!std::has_single_bit(kernel.subgroup_size) || kernel.subgroup_size > kMaxSubgroupSize))
    fail("kernel '{}' requires a subgroup size of {}: expected a power of two up to {}",
         kernel.name, kernel.subgroup_size, kMaxSubgroupSize);
  const std::uint64_t record = record_bytes(kernel.argument_count, kernel.scalar_count);
  if (kernel.pushed && record > kMaxPushedBytes)
    fail("kernel '{}' pushes {} bytes: expected at most {}", kernel.name, record, kMaxPushedBytes);
  for (std::uint32_t argument : kernel.indirect)
    if (!kernel.pushed || argument >= kernel.argument_count)
      fail("kernel '{}' has no pushed argument {} to be indirect", kernel.name, argument);
  if (kernel.texels.size() > kMaxTexelBuffers)
    fail("kernel '{}' reads {} arguments as texels: expected at most {}", kernel.name,
         kernel.texels.size(), kMaxTexelBuffers);
  for (std::uint32_t argument : kernel.texels)
    if (argument >= kernel.argument_count)
      fail("kernel '{}' has no argument {} to be read as texels", kernel.name, argument);
}

void verify_weight_group(const WeightGroup& group, std::size_t index) {
  if (group.bytes == 0)
    fail("weight group {} is empty", index);
  std::vector<const WeightSpec*> by_offset;
  for (const WeightSpec& weight : group.weights)
    by_offset.push_back(&weight);
  std::ranges::sort(by_offset, {}, &WeightSpec::offset);
  std::uint64_t end = 0;
  for (const WeightSpec* weight : by_offset) {
    const std::uint64_t bytes = checked_bytes(weight->name, weight->dtype, weight->shape);
    if (weight->offset < end)
      fail("weight '{}' overlaps its neighbour: expected an offset of at least {}, got {}",
           weight->name, end, weight->offset);
    if (weight->offset % size_of(weight->dtype) != 0)
      fail("weight '{}' is not aligned to its element: offset {}", weight->name, weight->offset);
    if (weight->offset > group.bytes || bytes > group.bytes - weight->offset)
      fail("weight '{}' ends outside its group: {} bytes at offset {} of {}", weight->name, bytes,
           weight->offset, group.bytes);
    end = weight->offset + bytes;
  }
}

void verify_state(const StateSpec& state) {
  if (checked_bytes(state.name, state.dtype, state.shape) == 0)
    fail("state '{}' is empty", state.name);
  const Residency residency = state.residency;
  if (residency != Residency::state && residency != Residency::step && residency != Residency::ring)
    fail("state '{}' has residency {}: expected state, step or ring", state.name,
         static_cast<int>(residency));
  if (state.growable && (state.shape.rank() == 0 || residency != Residency::state))
    fail("state '{}' cannot grow: expected a rank of at least 1 and residency state", state.name);
}

// The commands of one entry, against the buffers they may touch.
class EntryVerifier {
public:
  EntryVerifier(const Program& program, const Entry& entry) : program_(program), entry_(entry) {
    for (const ValueSpec& value : entry.inputs)
      input_bytes_.push_back(checked_bytes(value.name, value.dtype, value.shape));
    for (const ValueSpec& value : entry.outputs)
      output_bytes_.push_back(checked_bytes(value.name, value.dtype, value.shape));
  }

  void run() {
    std::set<std::string_view> inputs, outputs;
    for (const ValueSpec& value : entry_.inputs)
      require_unique(inputs, "input", value.name);
    for (const ValueSpec& value : entry_.outputs)
      require_unique(outputs, "output", value.name);
    verify_donations();
    for (const Command& command : entry_.commands) {
      if (const auto* dispatch = std::get_if<Dispatch>(&command))
        verify_dispatch(*dispatch);
      else if (const auto* copy = std::get_if<Copy>(&command))
        verify_copy(*copy);
    }
  }

private:
  template <typename... Args>
  [[noreturn]] void fail_at(std::string_view label, fmt::format_string<Args...> format,
                            Args&&... args) const {
    fail("entry '{}', command '{}': {}", entry_.name, label,
         fmt::format(format, std::forward<Args>(args)...));
  }

  void verify_donations() const {
    std::set<std::uint32_t> inputs, outputs;
    for (const auto& [input, output] : entry_.donations) {
      if (input >= entry_.inputs.size() || !inputs.insert(input).second)
        fail("entry '{}': input {} of {} is donated, or twice", entry_.name, input,
             entry_.inputs.size());
      if (!output)
        continue;
      if (*output >= entry_.outputs.size() || !outputs.insert(*output).second)
        fail("entry '{}': output {} of {} lies in an input, or in two", entry_.name, *output,
             entry_.outputs.size());
      if (entry_.inputs[input].dtype != entry_.outputs[*output].dtype ||
          input_bytes_[input] != output_bytes_[*output])
        fail("entry '{}': output '{}' does not fit into input '{}'", entry_.name,
             entry_.outputs[*output].name, entry_.inputs[input].name);
    }
  }

  void verify_dispatch(const Dispatch& dispatch) const {
    if (dispatch.kernel >= program_.kernels.size())
      fail_at(dispatch.label, "kernel {} of {}", dispatch.kernel, program_.kernels.size());
    const Kernel& kernel = program_.kernels[dispatch.kernel];
    if (dispatch.arguments.size() != kernel.argument_count)
      fail_at(dispatch.label, "kernel '{}' expected {} arguments, got {}", kernel.name,
              kernel.argument_count, dispatch.arguments.size());
    if (dispatch.scalars.size() != kernel.scalar_count)
      fail_at(dispatch.label, "kernel '{}' expected {} scalars, got {}", kernel.name,
              kernel.scalar_count, dispatch.scalars.size());
    if (std::ranges::count(dispatch.workgroups, 0u) != 0)
      fail_at(dispatch.label, "no workgroups: {} x {} x {}", dispatch.workgroups[0],
              dispatch.workgroups[1], dispatch.workgroups[2]);
    for (const Argument& argument : dispatch.arguments)
      verify_range(argument.range, argument.access, dispatch.label);
    for (std::uint32_t number : kernel.texels) {
      const auto& [range, access] = dispatch.arguments[number];
      if (access == Access::write || range.offset % kTexelBytes != 0)
        fail_at(dispatch.label, "argument {} cannot be read as texels", number);
    }
  }

  void verify_copy(const Copy& copy) const {
    verify_range(copy.source, Access::read, copy.label);
    verify_range(copy.target, Access::write, copy.label);
    if (copy.source.bytes != copy.target.bytes)
      fail_at(copy.label, "copies {} bytes into {}", copy.source.bytes, copy.target.bytes);
    const BufferRange source = shared_range(entry_, copy.source);
    const BufferRange target = shared_range(entry_, copy.target);
    if (source.space == target.space && source.index == target.index &&
        source.offset < target.offset + target.bytes &&
        target.offset < source.offset + source.bytes)
      fail_at(copy.label, "copies between overlapping ranges");
  }

  void verify_range(const BufferRange& range, Access access, std::string_view label) const {
    const auto bits = static_cast<unsigned>(access);
    if (bits == 0 || bits > 3)
      fail_at(label, "unknown access {}", bits);
    const std::uint64_t size = buffer_bytes(range, label);
    if (range.bytes == 0 || range.offset > size || range.bytes > size - range.offset)
      fail_at(label, "range of {} bytes at offset {} of a buffer of {}", range.bytes, range.offset,
              size);
    if (access != Access::read)
      verify_writable(range, label);
  }

  void verify_writable(const BufferRange& range, std::string_view label) const {
    if (range.space == Space::constant || range.space == Space::input)
      fail_at(label, "writes to {}", range.space == Space::input ? "an input" : "a constant");
    if (range.space == Space::weight && !program_.weight_groups[range.index].weights.empty())
      fail_at(label, "writes to the named weight '{}'",
              program_.weight_groups[range.index].weights[0].name);
  }

  std::uint64_t buffer_bytes(const BufferRange& range, std::string_view label) const {
    const auto at = [&](std::size_t count) {
      if (range.index >= count)
        fail_at(label, "buffer index {} of {}", range.index, count);
      return range.index;
    };
    switch (range.space) {
    case Space::weight:
      return program_.weight_groups[at(program_.weight_groups.size())].bytes;
    case Space::constant:
      at(1);
      return program_.constants.size();
    case Space::state: {
      const StateSpec& state = program_.states[at(program_.states.size())];
      return byte_count(state.dtype, state.shape);
    }
    case Space::arena:
      at(1);
      return entry_.arena_bytes;
    case Space::input:
      return input_bytes_[at(input_bytes_.size())];
    case Space::output:
      return output_bytes_[at(output_bytes_.size())];
    }
    fail_at(label, "unknown buffer space {}", static_cast<int>(range.space));
  }

  const Program& program_;
  const Entry& entry_;
  std::vector<std::uint64_t> input_bytes_, output_bytes_;
};

}  // namespace

BufferRange shared_range(const Entry& entry, const BufferRange& range) {
  const auto taken = std::ranges::find_if(entry.donations, [&](const Donation& donation) {
    return range.space == Space::output && donation.output == range.index;
  });
  if (taken == entry.donations.end())
    return range;
  return {Space::input, taken->input, range.offset, range.bytes};
}

std::uint64_t record_bytes(std::uint64_t arguments, std::uint64_t scalars) {
  return arguments * sizeof(std::uint64_t) + scalars * sizeof(std::uint32_t);
}

std::uint64_t byte_count(DType dtype, const Shape& shape) {
  for (std::int64_t dim : shape.dims())
    if (dim < 0)
      throw InvalidArgument("shape", "negative dimension in {}", shape.to_string());
  const auto bytes = checked_mul(shape.element_count(), static_cast<std::int64_t>(size_of(dtype)));
  if (!bytes)
    throw InvalidArgument("shape", "byte count of {} passes 2^63-1", shape.to_string());
  return static_cast<std::uint64_t>(*bytes);
}

void verify(const Program& program) {
  std::set<std::string_view> kernels, weights, states, entries;
  for (const Kernel& kernel : program.kernels) {
    require_unique(kernels, "kernel", kernel.name);
    verify_kernel(kernel);
  }
  for (std::size_t i = 0; i < program.weight_groups.size(); ++i) {
    for (const WeightSpec& weight : program.weight_groups[i].weights)
      require_unique(weights, "weight", weight.name);
    verify_weight_group(program.weight_groups[i], i);
  }
  for (const StateSpec& state : program.states) {
    require_unique(states, "state", state.name);
    verify_state(state);
  }
  for (const Entry& entry : program.entries) {
    require_unique(entries, "entry", entry.name);
    EntryVerifier(program, entry).run();
  }
  verify_manifest(program);
}

}  // namespace ashlar
