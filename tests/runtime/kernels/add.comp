// SPDX-License-Identifier: Apache-2.0
// sum[i] = a[i] + b[i], for f32.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "record.glsl"
layout(local_size_x = 64) in;

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Record {
  Floats a;
  Floats b;
  Floats sum;
  uint count;
};
layout(push_constant) uniform Push { Record record; };

void main() {
  uint i = gl_GlobalInvocationID.x;
  if (i < record.count)
    record.sum.at[i] = record.a.at[i] + record.b.at[i];
}
