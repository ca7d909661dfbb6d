// SPDX-License-Identifier: Apache-2.0
// Times one entry of a loaded decoder, command by command and as a whole.
#pragma once

#include "models/generate/decoder_runtime.h"
#include "runtime/vulkan/pipeline_statistics.h"

#include <map>
#include <string>
#include <vector>

namespace ashlar {

struct EntryProfileOptions {
  std::string entry = "decode";  // or "prefill_T"
  std::int64_t context = 128;    // tokens in the caches before the first run
  int replays = 15;              // medians of that many, of fewer where they take long
};

struct EntryProfile {
  std::string entry;
  std::int64_t context = 0;
  std::int64_t tokens = 0;           // that one run computes, of all batch rows
  std::int64_t runs_per_submit = 1;  // in both kinds of replays
  int replays = 0;
  // In order; times and the gaps between them are medians over the replays.
  std::vector<CommandTime> commands;
  // By kernel; empty where the device offers none.
  std::map<std::string, std::vector<PipelineStatistic>> statistics;
  double outside = 0;  // seconds per run that the host waited for beyond these commands
  double plain = 0;    // seconds of one run as it runs in use, runs_per_submit at a time
};

// Throws InvalidArgument for unknown entries and contexts that do not fit, Unsupported where the
// queue has no timestamps. The runtime's caches hold nothing useful afterwards.
EntryProfile profile_entry(DecoderRuntime& runtime, const EntryProfileOptions& options);

}  // namespace ashlar
