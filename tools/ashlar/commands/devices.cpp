// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "runtime/vulkan/describe.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace ashlar::cli {

void add_devices(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("devices", "List the Vulkan devices and which one is the default");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print JSON");
  add_examples(*command, {"devices", "devices --json"});
  command->callback([json] {
    if (*json)
      fmt::print("{}\n", describe_devices().dump(2));
    else
      fmt::print("{}", describe_devices_text());
  });
}

}  // namespace ashlar::cli
