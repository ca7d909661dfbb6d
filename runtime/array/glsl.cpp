// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/glsl.h"

#include "runtime/program/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

namespace ashlar {
namespace {

constexpr std::string_view kPrologue = R"(#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_EXT_shader_16bit_storage : require
)";

std::string_view type_name(DType dtype) {
  switch (dtype) {
  case DType::boolean:
  case DType::u8:
    return "uint8_t";
  case DType::u16:
  case DType::bf16:
    return "uint16_t";
  case DType::u32:
    return "uint";
  case DType::u64:
    return "uint64_t";
  case DType::i8:
    return "int8_t";
  case DType::i16:
    return "int16_t";
  case DType::i32:
    return "int";
  case DType::i64:
    return "int64_t";
  case DType::f16:
    return "float16_t";
  case DType::f32:
    return "float";
  default:
    throw Unsupported("custom_kernel", "GLSL has no elements of {}", name_of(dtype));
  }
}

// Names that end in an underscore are the shader's own.
bool is_usable(const std::string& name) {
  const auto is_word = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) &&
         std::ranges::all_of(name, is_word) && !name.ends_with('_') && !name.starts_with("gl_");
}

struct BufferText {
  std::string types, members, names;

  void add(const std::string& name, const ArrayType& type, bool written) {
    types += fmt::format("layout(buffer_reference, scalar, buffer_reference_align = 16) {} buffer "
                         "{}_buffer_ {{ {} at[]; }};\n",
                         written ? "writeonly" : "readonly", name, type_name(type.dtype));
    members += fmt::format("  {}_buffer_ {}_;\n", name, name);
    names += fmt::format("{0}_buffer_ {0} = record_.{0}_;\n", name);
    names += fmt::format("const uint {}_size = {}u;\n", name, type.shape.element_count());
    const std::vector<std::int64_t>& dims = type.shape.dims();
    if (!dims.empty())
      names += fmt::format("const uint {}_shape[{}] = uint[]({}u);\n", name, dims.size(),
                           fmt::join(dims, "u, "));
  }
};

std::string constant_text(const std::string& name,
                          const std::variant<std::int64_t, double>& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return fmt::format("const int {} = {};\n", name, *integer);
  const double real = std::get<double>(value);
  if (!std::isfinite(real))
    throw InvalidArgument("custom_kernel", "constant '{}': expected a finite number, got {}", name,
                          real);
  return fmt::format("const float {} = {:.9e};\n", name, real);
}

}  // namespace

void check_names(const std::string& kernel, const GlslSource& source) {
  std::set<std::string> seen{"result"};
  const auto check = [&](const std::string& name) {
    if (!is_usable(name) || !seen.insert(name).second)
      throw InvalidArgument("custom_kernel",
                            "'{}': expected distinct identifiers other than 'result', got '{}'",
                            kernel, name);
  };
  std::ranges::for_each(source.inputs, check);
  for (const auto& [name, value] : source.constants)
    check(name);
}

std::string glsl_text(const GlslSource& source, std::span<const Array> inputs,
                      const ArrayType& result, const std::array<std::uint32_t, 3>& workgroup_size) {
  BufferText buffers;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    buffers.add(source.inputs[i], inputs[i].type(), false);
  buffers.add("result", result, true);
  std::string text(kPrologue);
  text += fmt::format("layout(local_size_x = {}, local_size_y = {}, local_size_z = {}) in;\n",
                      workgroup_size[0], workgroup_size[1], workgroup_size[2]);
  text += buffers.types;
  text += fmt::format("layout(buffer_reference, scalar, buffer_reference_align = 16) readonly "
                      "buffer Record_ {{\n{}}};\n",
                      buffers.members);
  text += "layout(push_constant) uniform Push_ { Record_ record_; };\n" + buffers.names;
  for (const auto& [name, value] : source.constants)
    text += constant_text(name, value);
  text += fmt::format("{}\nvoid main() {{\n#line 1\n{}\n}}\n", source.header, source.body);
  return text;
}

}  // namespace ashlar
