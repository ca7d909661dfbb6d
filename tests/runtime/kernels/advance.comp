// SPDX-License-Identifier: Apache-2.0
// One "token": step = {position, token}; ring[position] = token; token = 3 * token + 1; position += 1.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "record.glsl"
layout(local_size_x = 1) in;

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Record {
  Words step;
  Words ring;
};
layout(push_constant) uniform Push { Record record; };

void main() {
  uint position = record.step.at[0];
  uint token = record.step.at[1];
  record.ring.at[position] = token;
  record.step.at[0] = position + 1;
  record.step.at[1] = 3 * token + 1;
}
