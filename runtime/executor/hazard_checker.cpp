// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/hazard_checker.h"

#include "runtime/program/error.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace ashlar {
namespace {

using BufferKey = std::pair<Space, std::uint32_t>;

struct Touch {
  std::size_t command;
  BufferRange range;
  Access access;
};

bool reads(Access access) {
  return access != Access::write;
}
bool writes(Access access) {
  return access != Access::read;
}

const std::string& label_of(const Command& command) {
  static const std::string kBarrier = "barrier";
  if (const auto* dispatch = std::get_if<Dispatch>(&command))
    return dispatch->label;
  if (const auto* copy = std::get_if<Copy>(&command))
    return copy->label;
  return kBarrier;
}

std::vector<Touch> touches_of(const Entry& entry, std::size_t index) {
  std::vector<Touch> touches;
  if (const auto* dispatch = std::get_if<Dispatch>(&entry.commands[index])) {
    for (const Argument& argument : dispatch->arguments)
      touches.push_back({index, argument.range, argument.access});
  } else if (const auto* copy = std::get_if<Copy>(&entry.commands[index])) {
    touches.push_back({index, copy->source, Access::read});
    touches.push_back({index, copy->target, Access::write});
  }
  return touches;
}

std::optional<BufferRange> shared_bytes(const BufferRange& a, const BufferRange& b) {
  if (a.space != b.space || a.index != b.index)
    return std::nullopt;
  const std::uint64_t begin = std::max(a.offset, b.offset);
  const std::uint64_t end = std::min(a.offset + a.bytes, b.offset + b.bytes);
  if (begin >= end)
    return std::nullopt;
  return BufferRange{a.space, a.index, begin, end - begin};
}

std::optional<HazardKind> conflict(Access first, Access second) {
  if (writes(first) && reads(second))
    return HazardKind::read_after_write;
  if (writes(first) && writes(second))
    return HazardKind::write_after_write;
  if (writes(second))
    return HazardKind::write_after_read;
  return std::nullopt;
}

// The commands since the last barrier, by buffer.
class OpenGroup {
public:
  OpenGroup(const Program& program, const Entry& entry) : program_(program), entry_(entry) {}

  void add(std::size_t command, std::vector<Hazard>& hazards) {
    const std::vector<Touch> touches = touches_of(entry_, command);
    std::vector<Touch> widened;
    for (Touch touch : touches) {
      touch.range = shared_range(entry_, touch.range);
      if (touch.range.space == Space::state && program_.states[touch.range.index].growable) {
        touch.range.offset = 0;
        touch.range.bytes = std::numeric_limits<std::uint64_t>::max();
      }
      for (const Touch& earlier : open_[{touch.range.space, touch.range.index}])
        compare(earlier, touch, hazards);
      widened.push_back(touch);
    }
    for (const Touch& touch : widened)
      open_[{touch.range.space, touch.range.index}].push_back(touch);
  }

  void close() { open_.clear(); }

private:
  void compare(const Touch& first, const Touch& second, std::vector<Hazard>& hazards) const {
    const auto range = shared_bytes(first.range, second.range);
    const auto kind = conflict(first.access, second.access);
    if (range && kind)
      hazards.push_back({*kind, first.command, second.command,
                         label_of(entry_.commands[first.command]),
                         label_of(entry_.commands[second.command]), *range});
  }

  const Program& program_;
  const Entry& entry_;
  std::map<BufferKey, std::vector<Touch>> open_;
};

// Bytes written so far, as disjoint intervals [begin, end).
class WrittenBytes {
public:
  void add(std::uint64_t begin, std::uint64_t end) {
    auto next = intervals_.upper_bound(begin);
    if (next != intervals_.begin() && std::prev(next)->second >= begin) {
      --next;
      begin = next->first;
    }
    while (next != intervals_.end() && next->first <= end) {
      end = std::max(end, next->second);
      next = intervals_.erase(next);
    }
    intervals_[begin] = end;
  }

  // The first byte of [begin, end) that is not written.
  std::optional<std::uint64_t> first_gap(std::uint64_t begin, std::uint64_t end) const {
    const auto next = intervals_.upper_bound(begin);
    if (next == intervals_.begin() || std::prev(next)->second <= begin)
      return begin;
    const std::uint64_t covered = std::prev(next)->second;
    return covered < end ? std::optional(covered) : std::nullopt;
  }

private:
  std::map<std::uint64_t, std::uint64_t> intervals_;
};

std::string describe(const BufferRange& range) {
  constexpr std::string_view kSpaces[] = {"weight", "constant", "state",
                                          "arena",  "input",    "output"};
  return fmt::format("{} {}, {} bytes at {}", kSpaces[static_cast<std::size_t>(range.space)],
                     range.index, range.bytes, range.offset);
}

}  // namespace

std::vector<Hazard> find_hazards(const Program& program, const Entry& entry) {
  std::vector<Hazard> hazards;
  OpenGroup group(program, entry);
  for (std::size_t i = 0; i < entry.commands.size(); ++i) {
    if (std::holds_alternative<Barrier>(entry.commands[i]))
      group.close();
    else
      group.add(i, hazards);
  }
  return hazards;
}

std::vector<UnwrittenRead> find_unwritten_reads(const Entry& entry) {
  std::vector<UnwrittenRead> found;
  std::map<BufferKey, WrittenBytes> written;
  for (std::size_t i = 0; i < entry.commands.size(); ++i) {
    const std::vector<Touch> touches = touches_of(entry, i);
    for (const Touch& touch : touches) {
      const BufferRange& range = touch.range;
      if (!reads(touch.access) || (range.space != Space::arena && range.space != Space::output))
        continue;
      const std::uint64_t end = range.offset + range.bytes;
      if (const auto gap = written[{range.space, range.index}].first_gap(range.offset, end))
        found.push_back(
            {i, label_of(entry.commands[i]), {range.space, range.index, *gap, end - *gap}});
    }
    for (const Touch& touch : touches)
      if (writes(touch.access))
        written[{touch.range.space, touch.range.index}].add(touch.range.offset,
                                                            touch.range.offset + touch.range.bytes);
  }
  return found;
}

std::vector<OverwrittenRead> find_overwritten_reads(const Entry& entry) {
  std::vector<OverwrittenRead> found;
  std::set<std::uint32_t> overwritten;  // inputs
  for (std::size_t i = 0; i < entry.commands.size(); ++i) {
    const std::vector<Touch> touches = touches_of(entry, i);
    for (const Touch& touch : touches)
      if (touch.range.space == Space::input && overwritten.contains(touch.range.index))
        found.push_back({i, label_of(entry.commands[i]), touch.range.index});
    for (const Touch& touch : touches)
      if (const BufferRange shared = shared_range(entry, touch.range);
          touch.range.space == Space::output && shared.space == Space::input)
        overwritten.insert(shared.index);
  }
  return found;
}

std::string to_string(const Hazard& hazard) {
  constexpr std::string_view kKinds[] = {"read after write", "write after read",
                                         "write after write"};
  return fmt::format("{}: command {} '{}' then {} '{}' without a barrier ({})",
                     kKinds[static_cast<std::size_t>(hazard.kind)], hazard.first,
                     hazard.first_label, hazard.second, hazard.second_label,
                     describe(hazard.range));
}

std::string to_string(const UnwrittenRead& read) {
  return fmt::format("command {} '{}' reads memory that nothing wrote ({})", read.command,
                     read.label, describe(read.range));
}

std::string to_string(const OverwrittenRead& read) {
  return fmt::format("command {} '{}' reads input {} after an output was written over it",
                     read.command, read.label, read.input);
}

void require_no_hazards(const Program& program) {
  for (const Entry& entry : program.entries) {
    std::string list;
    for (const Hazard& hazard : find_hazards(program, entry))
      list += "\n  " + to_string(hazard);
    for (const UnwrittenRead& read : find_unwritten_reads(entry))
      list += "\n  " + to_string(read);
    for (const OverwrittenRead& read : find_overwritten_reads(entry))
      list += "\n  " + to_string(read);
    if (!list.empty())
      throw Error("hazards", "entry '{}':{}", entry.name, list);
  }
}

}  // namespace ashlar
