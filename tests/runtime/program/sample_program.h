// SPDX-License-Identifier: Apache-2.0
// A valid program that uses every feature of the format: all command kinds and spaces, weights with
// and without names, growable and step states. Its kernels are empty SPIR-V modules.
#pragma once

#include "runtime/program/program.h"

namespace ashlar {

Program sample_program();

// One that can generate: two prefill sizes, a growable cache and a ring, two batch rows, a sampler.
// Its entries do nothing.
Program sample_decoder();

}  // namespace ashlar
