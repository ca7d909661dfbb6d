// SPDX-License-Identifier: Apache-2.0
// What the benchmarks share: the device, its limits, and which shapes to run.
#pragma once

#include "runtime/program/dtype.h"
#include "runtime/vulkan/device.h"
#include "tools/measure/device_limits.h"

#include <string>
#include <vector>

namespace ashlar::bench {

struct Options {
  std::vector<std::string> shapes;
  std::string weights = "bf16";               // as in --weights
  std::vector<std::int64_t> depths, prompts;  // of whole-model decode and prefill
};

// Registers block/SHAPE/BLOCK/tokens:T/fused|unfused, for decode (one token) and prefill.
void register_blocks(Device& device, const DeviceLimits& limits, const Options& options);
// Registers decode/SHAPE/depth:D and prefill/SHAPE/tokens:N.
void register_models(const Options& options);

}  // namespace ashlar::bench
