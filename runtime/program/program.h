// SPDX-License-Identifier: Apache-2.0
// The compiled program: what the compiler produces and the runtime executes. A plain value without
// pointers into either of them, so it can be saved, loaded and run without MLIR.
//
// A program has several entries (prefill sizes, decode, ...) that share kernels, weights and
// states. An entry is a list of commands over buffers; the runtime records it once and replays it.
// Nothing in the commands changes from run to run: values that do (token, position, length) live in
// states of class `step`, which kernels read and write.
//
// Kernel ABI: each dispatch has a *record*, 16-byte aligned,
//     u64 address[arguments.size()]  u32 scalar[scalars.size()]
// A kernel that is `pushed` gets the record as push constants, which are part of the recording. So
// that buffers may move without a new one, an `indirect` argument is pushed as the address of its
// address. Other kernels get the address of the whole record, in device memory.
//
// An argument among a kernel's `texels`, of which it reads nothing that it writes, is bound as a
// texel buffer besides: binding i of descriptor set 0 is the range of argument texels[i], of a
// state that grows all present rows, in texels of four u32.
#pragma once

#include "runtime/program/decoder_manifest.h"
#include "runtime/program/dtype.h"
#include "runtime/program/shape.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ashlar {

// Where a buffer lives and who may change it.
enum class Residency : std::uint8_t {
  weights,  // device local, written once at load
  state,    // device local, updated in place by entries
  step,   // small per-token values: device local and host visible where the device has such memory
  ring,   // host visible, cached: values that entries hand to the host while running
  arena,  // temporaries at static offsets of one allocation
  staging,  // host visible transfer buffers of the runtime
};

// One named tensor of the checkpoint, at a fixed offset within its group.
struct WeightSpec {
  std::string name;
  DType dtype;
  Shape shape;
  std::uint64_t offset;  // bytes from the start of the group

  bool operator==(const WeightSpec&) const = default;
};

// Weights that must be adjacent in memory, so that one kernel can read them as one tensor. A group
// without named weights is filled by an entry of the program (prepacked weights); only such groups
// may be written by commands.
struct WeightGroup {
  std::vector<WeightSpec> weights;
  std::uint64_t bytes;

  bool operator==(const WeightGroup&) const = default;
};

// A device buffer that survives between runs. Zero filled when created.
struct StateSpec {
  std::string name;
  DType dtype;
  Shape shape;    // of one growable state: shape[0] is the capacity it starts with
  bool growable;  // along axis 0; no stride depends on the capacity
  Residency residency;

  bool operator==(const StateSpec&) const = default;
};

enum class Space : std::uint8_t { weight, constant, state, arena, input, output };

// A byte range of one buffer. `index` selects the weight group, state, input or output; constants
// and the arena are single buffers (index 0).
struct BufferRange {
  Space space;
  std::uint32_t index;
  std::uint64_t offset;
  std::uint64_t bytes;

  bool operator==(const BufferRange&) const = default;
};

enum class Access : std::uint8_t { read = 1, write = 2, read_write = 3 };

// For a growable state `range.bytes` covers the starting capacity; an access may reach any row of
// the present capacity and is treated as touching the whole state.
struct Argument {
  BufferRange range;
  Access access;

  bool operator==(const Argument&) const = default;
};

struct Cost {
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t flops = 0;

  bool operator==(const Cost&) const = default;
};

struct Dispatch {
  std::uint32_t kernel;
  std::vector<Argument> arguments;
  std::vector<std::uint32_t> scalars;
  std::array<std::uint32_t, 3> workgroups;
  std::string label;  // scope of the ops inside, e.g. "layers.3.self_attn.q_proj"
  Cost cost;

  bool operator==(const Dispatch&) const = default;
};

struct Copy {
  BufferRange source;
  BufferRange target;
  std::string label;

  bool operator==(const Copy&) const = default;
};

// All writes before it are visible to everything after it.
struct Barrier {
  bool operator==(const Barrier&) const = default;
};

using Command = std::variant<Dispatch, Copy, Barrier>;

// An array that the caller passes in or receives; row-major, contiguous.
struct ValueSpec {
  std::string name;
  DType dtype;
  Shape shape;

  bool operator==(const ValueSpec&) const = default;
};

// An input that the caller gives away, and the output that may lie in its memory. Whoever runs the
// entry binds one buffer for both, or two: the commands are right either way.
struct Donation {
  std::uint32_t input;
  std::optional<std::uint32_t> output;  // absent where none may

  bool operator==(const Donation&) const = default;
};

struct Entry {
  std::string name;
  std::vector<ValueSpec> inputs;
  std::vector<ValueSpec> outputs;
  std::uint64_t arena_bytes;
  std::vector<Command> commands;
  std::vector<Donation> donations = {};

  bool operator==(const Entry&) const = default;
};

// Where a range lies if every donated input is one buffer with its output.
BufferRange shared_range(const Entry& entry, const BufferRange& range);

// Bytes of a texel, and what the range of a texel buffer starts at a multiple of.
inline constexpr std::uint64_t kTexelBytes = 16;
// Texels that hold so many bytes.
constexpr std::uint64_t texels_in(std::uint64_t bytes) {
  return (bytes + kTexelBytes - 1) / kTexelBytes;
}

// What every Vulkan device takes: bytes of push constants, and texel buffers of a kernel.
inline constexpr std::uint32_t kMaxPushedBytes = 128;
inline constexpr std::size_t kMaxTexelBuffers = 16;

struct Kernel {
  std::string name;                  // also the SPIR-V entry point
  std::vector<std::uint32_t> spirv;  // little-endian words
  std::array<std::uint32_t, 3> workgroup_size;
  std::uint32_t subgroup_size;  // required size; 0 where any will do
  std::uint32_t argument_count;
  std::uint32_t scalar_count;
  bool pushed = false;  // the record is push constants, of at most kMaxPushedBytes
  std::vector<std::uint32_t> indirect = {};  // numbers of arguments, of pushed kernels
  std::vector<std::uint32_t> texels = {};    // numbers of arguments, by binding

  bool operator==(const Kernel&) const = default;
};

struct Program {
  std::vector<Kernel> kernels;
  std::vector<WeightGroup> weight_groups;
  std::vector<std::uint8_t> constants;  // contents of the constant buffer
  std::vector<StateSpec> states;
  std::vector<Entry> entries;
  std::optional<DecoderManifest> decoder;  // of programs that generate

  bool operator==(const Program&) const = default;
};

// Bytes of a dispatch record, without padding.
std::uint64_t record_bytes(std::uint64_t arguments, std::uint64_t scalars);

// Bytes of a dense tensor; throws InvalidArgument on overflow.
std::uint64_t byte_count(DType dtype, const Shape& shape);

// Throws FormatError unless every index, range, argument count and size of the program is
// consistent. Run on everything that is loaded, and by the compiler on what it produces.
void verify(const Program& program);

}  // namespace ashlar
