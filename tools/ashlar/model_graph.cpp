// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/model_graph.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/device.h"
#include "tools/ashlar/command.h"

#include <fmt/ranges.h>

namespace ashlar::cli {

void add_model_graph_options(CLI::App& command, ModelGraphOptions& options) {
  add_model_choice(command, options.model);
  command.add_option("--dtype", options.dtype,
                     "Activations and caches: f32, bf16 or f16; default the checkpoint's");
  command.add_option("--batch", options.batch, "Batch rows")->capture_default_str();
  command.add_flag("--sampling", options.sampling,
                   "With the device sampler; otherwise decoding is greedy");
  command.add_option("--profile", options.profile,
                     fmt::format("Compile for this device instead of the present one: {}",
                                 fmt::join(profile_fixture_names(), ", ")));
}

LoadOptions load_options(const ModelGraphOptions& options) {
  return {.dtype = parse_activation_dtype(options.dtype),
          .batch = options.batch,
          .sampling = options.sampling};
}

Graph trace_model(const ModelGraphOptions& options) {
  const auto source = open_model(options.model);
  return trace_entries(decoder_of(*source, load_options(options)).generation_entries());
}

DeviceProfile chosen_profile(const std::string& name) {
  if (name.empty())
    return Device().profile();
  if (auto profile = find_profile_fixture(name))
    return *profile;
  throw InvalidArgument("cli", "--profile: expected one of {}, got '{}'",
                        fmt::join(profile_fixture_names(), ", "), name);
}

}  // namespace ashlar::cli
