// SPDX-License-Identifier: Apache-2.0
// Kernels of your own as operations on lazy arrays: traced, planned and recorded like all others.
//
//     const CustomKernel scale("scale", GlslSource{
//         .inputs = {"x"},
//         .constants = {{"FACTOR", 3.0}},
//         .body = "uint i = gl_GlobalInvocationID.x;"
//                 "if (i < result_size) result.at[i] = x.at[i] * FACTOR;"});
//     const Array y = scale({x}, x.type(), {.workgroups = {(n + 63) / 64, 1, 1}});
//
// A kernel reads its inputs as dense row-major buffers and must write every element of its result.
// See docs/custom_kernels.md. Thread-safety: calls may come from any thread.
#pragma once

#include "runtime/array/array.h"
#include "runtime/array/transforms/custom_rules.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace ashlar {

// The body of a GLSL compute shader's main function. In it the elements of an input are
// `NAME.at[i]`, those of the result `result.at[i]`; NAME_size is their number and NAME_shape an
// array of extents (uint). Element types are GLSL's (bool is uint8_t, bf16 its bits as uint16_t).
// Constants become `const int` and `const float`, numbers that may differ from one kernel object to
// the next.
struct GlslSource {
  std::vector<std::string> inputs;
  std::map<std::string, std::variant<std::int64_t, double>> constants = {};
  std::string header = "";  // functions and shared variables, before main
  std::string body;
};

// A finished SPIR-V module with one entry point, on the kernel ABI of runtime/program/program.h:
// its record holds the addresses of the inputs, then of the result.
struct SpirvSource {
  std::vector<std::uint32_t> words;
};

// One gpu.module with one gpu.func, as codegen/pipeline.h lowers it; `kernel.buffer i` is input i,
// and the result after them.
struct MlirSource {
  std::string text;
};

struct Launch {
  std::array<std::uint32_t, 3> workgroups = {1, 1, 1};
  // Threads of one workgroup. SPIR-V and MLIR say so themselves; here must stand the same.
  std::array<std::uint32_t, 3> workgroup_size = {64, 1, 1};
};

class CustomKernel {
public:
  using Source = std::variant<GlslSource, SpirvSource, MlirSource>;

  // `vjp`: cotangents of the inputs, from inputs, the result's cotangent and the result. Without it
  // the kernel has no derivative. Throws InvalidArgument for words that are no SPIR-V module and
  // for names that GLSL cannot have.
  CustomKernel(std::string name, Source source, CustomRules::Vjp vjp = {});

  // Builds the operation. Throws InvalidArgument for a count of inputs that the source does not
  // have and for empty arrays; ashlar::Error with the compiler's messages where the source does not
  // compile; Unsupported where GLSL is given and glslangValidator is not installed.
  Array operator()(const std::vector<Array>& inputs, const ArrayType& result, const Launch& launch,
                   std::source_location where = std::source_location::current()) const;

private:
  struct Code;
  std::shared_ptr<Code> code_;
};

}  // namespace ashlar
