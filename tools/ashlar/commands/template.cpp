// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/formats/json_file.h"
#include "models/formats/template/chat_template.h"
#include "models/generate/open_model.h"
#include "runtime/program/error.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, file, messages, tools, now;
  std::vector<std::string> variables;
  bool no_generation_prompt = false;
};

nlohmann::ordered_json read_ordered_json(const std::string& path) {
  const std::string text = read_text_file(path);
  parse_json(text, path);  // bounded depth, no repeated keys; the order of keys matters below
  return nlohmann::ordered_json::parse(text);
}

// A GGUF file holds all, a folder need not be more than templates.
bool is_file(const std::string& model) {
  return std::filesystem::is_regular_file(model);
}

std::string source_of(const Options& options) {
  if (options.model.empty() == options.file.empty())
    throw InvalidArgument("cli", "template: give either --model or --template");
  if (!options.file.empty())
    return read_text_file(options.file);
  const bool has_tools = !options.tools.empty();
  const auto source = is_file(options.model) ? open_model(options.model)->chat_template(has_tools)
                                             : chat_template_source(options.model, has_tools);
  if (!source)
    throw InvalidArgument("cli", "'{}' has no chat template; give one with --template",
                          options.model);
  return *source;
}

void set_variable(TemplateInput& input, const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    throw InvalidArgument("cli", "--set: expected NAME=JSON, got '{}'", assignment);
  const std::string value = assignment.substr(equals + 1);
  parse_json(value, "--set");
  input.variables[assignment.substr(0, equals)] = nlohmann::ordered_json::parse(value);
}

void run(const Options& options) {
  TemplateInput input;
  input.messages = read_ordered_json(options.messages);
  if (!options.tools.empty())
    input.tools = read_ordered_json(options.tools);
  input.add_generation_prompt = !options.no_generation_prompt;
  if (!options.model.empty())
    input.special_tokens = is_file(options.model) ? open_model(options.model)->special_tokens()
                                                  : special_tokens_of(options.model);
  for (const std::string& assignment : options.variables)
    set_variable(input, assignment);
  if (!options.now.empty())
    input.now = parse_civil_time(options.now);
  fmt::print("{}", ChatTemplate::parse(source_of(options)).render(input));
}

}  // namespace

void add_template(CLI::App& app) {
  CLI::App* command = app.add_subcommand("template", "Render a conversation with a chat template");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Model folder or GGUF file with a chat template");
  command->add_option("--template", options->file, "Template file");
  command->add_option("--messages", options->messages, "JSON file: array of messages")->required();
  command->add_option("--tools", options->tools, "JSON file: array of tools");
  command->add_flag("--no-generation-prompt", options->no_generation_prompt,
                    "Do not open the assistant's turn");
  command->add_option("--set", options->variables,
                      "NAME=JSON: a variable of the template; may be repeated");
  command->add_option("--now", options->now,
                      "Time that strftime_now tells, such as 2026-01-15T12:30:00");
  add_examples(*command,
               {"template --model models/checkpoints/pebble-4m --messages messages.json",
                "template --template chat.jinja --messages m.json --set enable_thinking=false"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
