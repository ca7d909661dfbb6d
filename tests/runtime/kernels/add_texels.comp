// SPDX-License-Identifier: Apache-2.0
// add_indirect, which reads its source as texels.
#version 460
#extension GL_EXT_samplerless_texture_functions : require
#extension GL_GOOGLE_include_directive : require
#include "record.glsl"
layout(local_size_x = 64) in;

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer WordsAt {
  Words words;
};
layout(push_constant, scalar) uniform Record {
  WordsAt source;
  WordsAt target;
  uint count;
  uint value;
};
layout(set = 0, binding = 0) uniform utextureBuffer source_texels;

void main() {
  uint i = gl_GlobalInvocationID.x;
  if (i < count)
    target.words.at[i] = texelFetch(source_texels, int(i / 4))[i % 4] + value;
}
