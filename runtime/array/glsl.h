// SPDX-License-Identifier: Apache-2.0
// Custom kernels in GLSL: the shader around a body, and its compilation.
#pragma once

#include "runtime/array/custom_kernel.h"

#include <span>

namespace ashlar {

// Throws InvalidArgument for repeated names and names that the shader cannot have.
void check_names(const std::string& kernel, const GlslSource& source);

std::string glsl_text(const GlslSource& source, std::span<const Array> inputs,
                      const ArrayType& result, const std::array<std::uint32_t, 3>& workgroup_size);

// SPIR-V words, by `compiler`, which takes glslangValidator's options. Throws Unsupported when it
// cannot be started, and ashlar::Error with its messages. Thread-safe.
std::vector<std::uint32_t> compile_glsl(const std::string& kernel, const std::string& text,
                                        const std::string& compiler = "glslangValidator");

}  // namespace ashlar
