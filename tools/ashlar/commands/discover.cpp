// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/generate/discover.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace ashlar::cli {
namespace {

void print_text(const FoundModel& model) {
  if (model.problem.empty())
    fmt::print("{}: {}, {}, {:.1f} MB\n", model.path.string(), model.family, model.quantization,
               static_cast<double>(model.bytes) / 1e6);
  else
    fmt::print("{}: cannot be loaded: {}\n", model.path.string(), model.problem);
}

nlohmann::json to_json(const FoundModel& model) {
  if (!model.problem.empty())
    return {{"path", model.path.string()}, {"problem", model.problem}};
  return {{"path", model.path.string()},
          {"family", model.family},
          {"quantization", model.quantization},
          {"bytes", model.bytes}};
}

}  // namespace

void add_discover(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("discover", "List the models in a folder and the folders below");
  auto folder = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("folder", *folder, "Where to look")->required();
  command->add_flag("--json", *json, "Print JSON");
  add_examples(*command, {"discover models", "discover ~/models --json"});
  command->callback([folder, json] {
    const std::vector<FoundModel> models = discover_models(*folder);
    if (*json) {
      nlohmann::json list = nlohmann::json::array();
      for (const FoundModel& model : models)
        list.push_back(to_json(model));
      fmt::print("{}\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    } else {
      for (const FoundModel& model : models)
        print_text(model);
    }
  });
}

}  // namespace ashlar::cli
