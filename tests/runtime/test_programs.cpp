// SPDX-License-Identifier: Apache-2.0
#include "tests/runtime/test_programs.h"

#include "tests/runtime/kernels/add.h"
#include "tests/runtime/kernels/add_indirect.h"
#include "tests/runtime/kernels/add_pushed.h"
#include "tests/runtime/kernels/add_scalar.h"
#include "tests/runtime/kernels/add_texels.h"
#include "tests/runtime/kernels/advance.h"
#include "tests/runtime/kernels/append.h"

#include <cstring>
#include <span>

namespace ashlar {
namespace {

Kernel kernel(std::string name, std::span<const std::uint32_t> spirv, std::uint32_t width,
              std::uint32_t arguments, std::uint32_t scalars) {
  return {.name = std::move(name),
          .spirv = {spirv.begin(), spirv.end()},
          .workgroup_size = {width, 1, 1},
          .subgroup_size = 0,
          .argument_count = arguments,
          .scalar_count = scalars};
}

std::array<std::uint32_t, 3> groups_for(std::uint32_t count) {
  return {(count + 63) / 64, 1, 1};
}

const StateSpec kStep = {"step", DType::u32, {2}, false, Residency::step};

}  // namespace

Program kernels_only() {
  Program program;
  program.kernels = {kernel("add", k_add, 64, 3, 1),
                     kernel("add_scalar", k_add_scalar, 64, 2, 2),
                     kernel("advance", k_advance, 1, 2, 0),
                     kernel("append", k_append, 64, 2, 1),
                     kernel("add_pushed", k_add_pushed, 64, 2, 2),
                     kernel("add_indirect", k_add_indirect, 64, 2, 2),
                     kernel("add_texels", k_add_texels, 64, 2, 2)};
  program.kernels[kAddPushed].pushed = true;
  program.kernels[kAddIndirect].pushed = true;
  program.kernels[kAddIndirect].indirect = {0, 1};
  Kernel& texels = program.kernels[kAddTexels];
  texels.pushed = true;
  texels.indirect = {0, 1};
  texels.texels = {0};
  return program;
}

Dispatch add(BufferRange a, BufferRange b, BufferRange sum, std::uint32_t count,
             std::string label) {
  return {.kernel = kAdd,
          .arguments = {{a, Access::read}, {b, Access::read}, {sum, Access::write}},
          .scalars = {count},
          .workgroups = groups_for(count),
          .label = std::move(label),
          .cost = {8 * count, 4 * count, count}};
}

Dispatch add_scalar(BufferRange source, BufferRange target, std::uint32_t count,
                    std::uint32_t value, std::string label) {
  return {.kernel = kAddScalar,
          .arguments = {{source, Access::read}, {target, Access::write}},
          .scalars = {count, value},
          .workgroups = groups_for(count),
          .label = std::move(label),
          .cost = {4 * count, 4 * count, count}};
}

Dispatch advance(BufferRange step, BufferRange ring) {
  return {.kernel = kAdvance,
          .arguments = {{step, Access::read_write}, {ring, Access::write}},
          .scalars = {},
          .workgroups = {1, 1, 1},
          .label = "advance",
          .cost = {}};
}

Dispatch append(BufferRange step, BufferRange cache, std::uint32_t width) {
  return {.kernel = kAppend,
          .arguments = {{step, Access::read}, {cache, Access::write}},
          .scalars = {width},
          .workgroups = groups_for(width),
          .label = "append",
          .cost = {}};
}

Program chain_program(TestKernel kernel) {
  Program program = kernels_only();
  const BufferRange input = whole(Space::input, 0, kBytes),
                    output = whole(Space::output, 0, kBytes);
  const BufferRange first{Space::arena, 0, 0, kBytes}, second{Space::arena, 0, 512, kBytes};
  program.entries.push_back({.name = "run",
                             .inputs = {{"x", DType::u32, {kCount}}},
                             .outputs = {{"y", DType::u32, {kCount}}},
                             .arena_bytes = 1024,
                             .commands = {add_scalar(input, first, kCount, 1, "one"), Barrier{},
                                          add_scalar(first, second, kCount, 10, "ten"), Barrier{},
                                          add_scalar(second, output, kCount, 100, "hundred")}});
  for (Command& command : program.entries.back().commands)
    if (auto* dispatch = std::get_if<Dispatch>(&command))
      dispatch->kernel = kernel;
  return program;
}

Program token_program() {
  Program program = kernels_only();
  program.states = {kStep, {"ring", DType::u32, {64}, false, Residency::ring}};
  program.entries.push_back(
      {.name = "decode",
       .inputs = {},
       .outputs = {},
       .arena_bytes = 0,
       .commands = {advance(whole(Space::state, 0, 8), whole(Space::state, 1, 256))}});
  return program;
}

Program cache_program() {
  Program program = kernels_only();
  program.states = {kStep,
                    {"cache", DType::u32, {4, kCount}, true, Residency::state},
                    {"ring", DType::u32, {64}, false, Residency::ring}};
  const BufferRange step = whole(Space::state, 0, 8);
  program.entries.push_back({.name = "decode",
                             .inputs = {},
                             .outputs = {},
                             .arena_bytes = 0,
                             .commands = {append(step, whole(Space::state, 1, 4 * kBytes), kCount),
                                          Barrier{}, advance(step, whole(Space::state, 2, 256))}});
  return program;
}

Program weight_program(float constant) {
  Program program = kernels_only();
  program.weight_groups = {{.weights = {{"a", DType::f32, {kCount}, 0}}, .bytes = kBytes},
                           {.weights = {{"b", DType::f32, {kCount}, 0}}, .bytes = kBytes}};
  const std::vector<float> constants(kCount, constant);
  program.constants.resize(kBytes);
  std::memcpy(program.constants.data(), constants.data(), kBytes);
  const BufferRange first{Space::arena, 0, 0, kBytes}, second{Space::arena, 0, 512, kBytes};
  program.entries.push_back(
      {.name = "run",
       .inputs = {{"x", DType::f32, {kCount}}},
       .outputs = {{"y", DType::f32, {kCount}}},
       .arena_bytes = 1024,
       .commands = {add(whole(Space::input, 0, kBytes), whole(Space::weight, 0, kBytes), first,
                        kCount, "plus a"),
                    Barrier{},
                    add(first, whole(Space::weight, 1, kBytes), second, kCount, "plus b"),
                    Barrier{},
                    add(second, whole(Space::constant, 0, kBytes), whole(Space::output, 0, kBytes),
                        kCount, "plus c")}});
  return program;
}

}  // namespace ashlar
