// SPDX-License-Identifier: Apache-2.0
// Measures the candidate schedules of a model's kernels where they run: in the entries of the
// model, behind and before the kernels they meet there.
#pragma once

#include "ir/tuning_table.h"
#include "models/generate/model_source.h"
#include "runtime/vulkan/device.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar {

struct TuneOptions {
  std::string entry = "decode";  // or "prefill_T"
  std::int64_t context = 128;    // tokens in the caches
  std::optional<DType> dtype;    // activations and caches; the model's own if absent
  int replays = 5;               // medians of that many
  // Called with what is being done now. May be empty.
  std::function<void(std::string_view stage)> progress;
};

struct TuneResult {
  TuningTable table;           // the kernels for which a candidate beat the schedule model
  std::size_t kernels = 0;     // looked at
  std::size_t candidates = 0;  // measured, of all kernels
  double default_seconds = 0;  // of the entry's kernels with the schedule model's choices
  double tuned_seconds = 0;    // with the winners
};

// A winner must be faster than the schedule model's choice by 3 % or more. Takes every candidate
// once per replay; weights are loaded once. Throws what loading the model throws.
TuneResult tune_model(Device& device, const ModelSource& model, const TuneOptions& options);

}  // namespace ashlar
