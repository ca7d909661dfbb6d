// SPDX-License-Identifier: Apache-2.0
// add_scalar with its record as push constants.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "record.glsl"
layout(local_size_x = 64) in;

layout(push_constant, scalar) uniform Record {
  Words source;
  Words target;
  uint count;
  uint value;
};

void main() {
  uint i = gl_GlobalInvocationID.x;
  if (i < count)
    target.at[i] = source.at[i] + value;
}
