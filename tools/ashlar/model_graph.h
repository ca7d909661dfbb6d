// SPDX-License-Identifier: Apache-2.0
// The generation program of a model as a graph, for commands that compile without running.
#pragma once

#include "ir/graph.h"
#include "models/compile/load_model.h"
#include "runtime/program/device_profile.h"
#include "tools/ashlar/model_choice.h"

#include <CLI/CLI.hpp>

#include <string>

namespace ashlar::cli {

struct ModelGraphOptions {
  ModelChoice model;
  std::string dtype, profile;
  std::int64_t batch = 1;
  bool sampling = false;
};

// The model choice, --dtype, --batch, --sampling, --profile.
void add_model_graph_options(CLI::App& command, ModelGraphOptions& options);

// The same, as options of loading.
LoadOptions load_options(const ModelGraphOptions& options);

// Traces prefill and decode. Throws what opening the model throws.
Graph trace_model(const ModelGraphOptions& options);

// The named fixture, or the profile of the present default device.
DeviceProfile chosen_profile(const std::string& name);

}  // namespace ashlar::cli
