// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/probe_programs.h"

#include "runtime/array/compile_graph.h"
#include "runtime/array/ops.h"
#include "runtime/array/trace.h"
#include "runtime/program/error.h"

namespace ashlar {
namespace {

// Offsets in the arena are multiples of this.
constexpr std::uint64_t kSlotBytes = 256;

EntryDefinition row_sum(std::int64_t words, std::int64_t columns) {
  return {fmt::format("read, sums of {} f32", columns), [=] {
            const Array x = entry_input("x", DType::f32, {words / columns, columns});
            return std::vector<NamedArray>{{"sums", sum(x, -1)}};
          }};
}

EntryDefinition matvec(std::int64_t words, std::int64_t columns) {
  return {fmt::format("read, bf16 matvec of {}", columns), [=] {
            const Array w = entry_input("w", DType::bf16, {2 * words / columns, columns});
            const Array x = entry_input("x", DType::bf16, {1, columns});
            return std::vector<NamedArray>{{"y", linear(x, w)}};
          }};
}

// Slot 0 is a constant, so that nothing is read before it was written.
Dispatch tiny_dispatch(const Dispatch& like, std::uint64_t from, std::uint64_t to) {
  const auto word = [](std::uint64_t slot, Access access) {
    return Argument{
        {slot == 0 ? Space::constant : Space::arena, 0, slot * kSlotBytes, sizeof(float)}, access};
  };
  Dispatch dispatch = like;
  dispatch.arguments = {word(from, Access::read), word(to, Access::write)};
  dispatch.label = "tiny";
  return dispatch;
}

}  // namespace

Program bandwidth_program(const DeviceProfile& profile, std::uint64_t bytes) {
  const auto words = static_cast<std::int64_t>(bytes / 4);
  std::vector<EntryDefinition> entries{
      {"fill",
       [=] { return std::vector<NamedArray>{{"x", random::bits(random::key(0), {words})}}; }},
      {"copy",
       [=] { return std::vector<NamedArray>{{"y", entry_input("x", DType::u32, {words}) + 1}}; }}};
  for (std::int64_t columns : {1024, 4096, 16384})
    entries.push_back(row_sum(words, columns));
  for (std::int64_t columns : {2048, 4096, 8192})
    entries.push_back(matvec(words, columns));
  return compile_graph(trace_entries(entries), profile);
}

Program dispatch_program(const DeviceProfile& profile, std::uint32_t count) {
  Program program = compile_graph(trace_entries({{"single",
                                                  [] {
                                                    const Array x =
                                                        entry_input("x", DType::f32, {1});
                                                    return std::vector<NamedArray>{{"y", x + 1.0}};
                                                  }}}),
                                  profile);
  const Dispatch tiny = std::get<Dispatch>(program.entries.front().commands.front());
  Entry single{"single", {}, {}, 2 * kSlotBytes, {tiny_dispatch(tiny, 0, 1)}};
  Entry dependent{"dependent", {}, {}, (count + 1) * kSlotBytes, {}};
  Entry independent{"independent", {}, {}, (count + 1) * kSlotBytes, {}};
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i > 0)
      dependent.commands.emplace_back(Barrier{});
    dependent.commands.emplace_back(tiny_dispatch(tiny, i, i + 1));
    independent.commands.emplace_back(tiny_dispatch(tiny, 0, i + 1));
  }
  program.constants.resize(std::max<std::size_t>(program.constants.size(), kSlotBytes));
  program.entries = {single, dependent, independent};
  return program;
}

}  // namespace ashlar
