// SPDX-License-Identifier: Apache-2.0
// Small hand-written programs over the kernels in tests/runtime/kernels.
#pragma once

#include "runtime/program/program.h"

namespace ashlar {

enum TestKernel : std::uint32_t {
  kAdd,
  kAddScalar,
  kAdvance,
  kAppend,
  kAddPushed,
  kAddIndirect,
  kAddTexels
};

// A program with all test kernels and nothing else.
Program kernels_only();

inline BufferRange whole(Space space, std::uint32_t index, std::uint64_t bytes) {
  return {space, index, 0, bytes};
}

// Dispatches over `count` elements, in workgroups of 64.
Dispatch add(BufferRange a, BufferRange b, BufferRange sum, std::uint32_t count,
             std::string label = "add");
Dispatch add_scalar(BufferRange source, BufferRange target, std::uint32_t count,
                    std::uint32_t value, std::string label = "add_scalar");
Dispatch advance(BufferRange step, BufferRange ring);
Dispatch append(BufferRange step, BufferRange cache, std::uint32_t width);

inline constexpr std::uint32_t kCount = 100;
inline constexpr std::uint64_t kBytes = kCount * 4;

// Entry "run": output = input + 1 + 10 + 100 through two arena buffers, in u32. `kernel`:
// kAddScalar, kAddPushed, kAddIndirect or kAddTexels.
Program chain_program(TestKernel kernel = kAddScalar);

// States "step" (class step, {position, token}) and "ring" (class ring, 64 tokens); entry "decode"
// advances them by one token.
Program token_program();

// State "cache" (growable, rows of 100, capacity 4) and "step"; entry "decode" appends the row of
// the present position, then advances.
Program cache_program();

// Weights "a" and "b" (f32 [100], one group each), constant c; entry "run": output = input + a + b
// + c.
Program weight_program(float constant);

}  // namespace ashlar
