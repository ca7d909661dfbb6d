// SPDX-License-Identifier: Apache-2.0
// target[i] = source[i] + value, for u32.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "record.glsl"
layout(local_size_x = 64) in;

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Record {
  Words source;
  Words target;
  uint count;
  uint value;
};
layout(push_constant) uniform Push { Record record; };

void main() {
  uint i = gl_GlobalInvocationID.x;
  if (i < record.count)
    record.target.at[i] = record.source.at[i] + record.value;
}
