// SPDX-License-Identifier: Apache-2.0
// The generation program of a model folder as a graph, for commands that compile without running.
#pragma once

#include "ir/graph.h"
#include "models/compile/load_model.h"
#include "runtime/program/device_profile.h"

#include <CLI/CLI.hpp>

#include <string>

namespace ashlar::cli {

struct ModelGraphOptions {
  std::string model, dtype, profile;
  std::int64_t batch = 1;
};

// --model, --dtype, --batch, --profile.
void add_model_graph_options(CLI::App& command, ModelGraphOptions& options);

// The model's decoder. Throws what reading the folder throws.
DecoderProgram decoder_of(const ModelGraphOptions& options);

// Traces prefill and decode. Throws what reading the folder throws.
Graph trace_model(const ModelGraphOptions& options);

// The named fixture, or the profile of the present default device.
DeviceProfile chosen_profile(const std::string& name);

}  // namespace ashlar::cli
