// SPDX-License-Identifier: Apache-2.0
// Finds missing barriers and reads of memory that nobody wrote, by replaying the commands of an
// entry over byte ranges. Independent of the pass that places barriers; no device is involved.
// Validation layers cannot do this, because kernels reach memory through addresses.
#pragma once

#include "runtime/program/program.h"

#include <cstddef>
#include <string>
#include <vector>

namespace ashlar {

enum class HazardKind : std::uint8_t { read_after_write, write_after_read, write_after_write };

// Two commands of one entry that touch the same bytes without a barrier between them.
struct Hazard {
  HazardKind kind;
  std::size_t first;  // indices into Entry::commands; `second` may precede `first` only in a repeat
  std::size_t second;
  std::string first_label;
  std::string second_label;
  BufferRange range;  // the bytes they share
};

// A command reads bytes of the arena or of an output that no earlier command of the entry wrote.
struct UnwrittenRead {
  std::size_t command;
  std::string label;
  BufferRange range;  // the first such bytes
};

// A command reads a donated input after an earlier one wrote the output that may lie in it.
struct OverwrittenRead {
  std::size_t command;
  std::string label;
  std::uint32_t input;
};

// Accesses to a growable state count as touching all of it, and donated inputs as one buffer with
// their outputs. Arguments of one dispatch never conflict with each other.
std::vector<Hazard> find_hazards(const Program& program, const Entry& entry);
std::vector<UnwrittenRead> find_unwritten_reads(const Entry& entry);
std::vector<OverwrittenRead> find_overwritten_reads(const Entry& entry);

std::string to_string(const Hazard& hazard);
std::string to_string(const UnwrittenRead& read);
std::string to_string(const OverwrittenRead& read);

// Throws Error listing everything these functions find in any entry.
void require_no_hazards(const Program& program);

}  // namespace ashlar
