// SPDX-License-Identifier: Apache-2.0
// Writes one row of a growable cache: cache[position][i] = 1000 * position + i.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "record.glsl"
layout(local_size_x = 64) in;

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Record {
  Words step;
  Words cache;
  uint width;
};
layout(push_constant) uniform Push { Record record; };

void main() {
  uint i = gl_GlobalInvocationID.x;
  uint position = record.step.at[0];
  if (i < record.width)
    record.cache.at[position * record.width + i] = 1000 * position + i;
}
