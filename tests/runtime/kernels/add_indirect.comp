// SPDX-License-Identifier: Apache-2.0
// add_scalar with its record as push constants, both arguments indirect.
#version 460
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

void main() {
  uint i = gl_GlobalInvocationID.x;
  if (i < count)
    target.words.at[i] = source.words.at[i] + value;
}
