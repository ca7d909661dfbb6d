// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/chat_template.h"

#include "runtime/program/input_file.h"
#include "models/formats/json_file.h"

#include <array>

namespace ashlar {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 7> kSpecialTokens = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

void require_array(const Json& value, std::string_view name) {
  if (!value.is_array())
    throw InvalidArgument("template", "bad {}: expected a JSON array, got {}", name,
                          value.type_name());
}

std::filesystem::path config_path(const std::filesystem::path& model_directory) {
  return model_directory / "tokenizer_config.json";
}

// An empty object when the model has no such file.
nlohmann::json read_tokenizer_config(const std::filesystem::path& model_directory) {
  std::filesystem::path path = config_path(model_directory);
  if (!is_present(path))
    return nlohmann::json::object();
  nlohmann::json config = read_json_file(path);
  if (!config.is_object())
    throw FormatError("template", "{}: expected a JSON object, got {}", path.string(),
                      config.type_name());
  return config;
}

std::optional<std::string> choose_template(const nlohmann::json& templates, bool has_tools,
                                           const std::filesystem::path& model_directory) {
  std::map<std::string, std::string> by_name;
  for (const nlohmann::json& entry : templates) {
    bool valid = entry.is_object() && entry.contains("name") && entry["name"].is_string() &&
                 entry.contains("template") && entry["template"].is_string();
    if (!valid)
      throw FormatError("template",
                        "{}: bad chat_template: expected a list of objects with the strings name "
                        "and template",
                        config_path(model_directory).string());
    by_name[entry["name"].get<std::string>()] = entry["template"].get<std::string>();
  }
  for (const char* name : {has_tools ? "tool_use" : "default", "default"}) {
    if (auto it = by_name.find(name); it != by_name.end())
      return it->second;
  }
  return std::nullopt;
}

}  // namespace

std::string ChatTemplate::render(const TemplateInput& input) const {
  require_array(input.messages, "messages");
  for (auto [name, value] : {std::pair("tools", &input.tools), {"documents", &input.documents}}) {
    if (!value->is_null())
      require_array(*value, name);
  }
  Json variables = Json::object();
  variables["messages"] = input.messages;
  variables["tools"] = input.tools;
  variables["documents"] = input.documents;
  variables["add_generation_prompt"] = input.add_generation_prompt;
  for (const auto& [name, token] : input.special_tokens)
    variables[name] = token;
  for (const auto& [name, value] : input.variables)
    variables[name] = value;
  return template_.render(variables, input.now);
}

std::optional<std::string> chat_template_source(const std::filesystem::path& model_directory,
                                                bool has_tools) {
  std::filesystem::path file = model_directory / "chat_template.jinja";
  if (is_present(file))
    return read_file(file, TemplateLimits().source_bytes, "template");
  nlohmann::json config = read_tokenizer_config(model_directory);
  auto source = config.find("chat_template");
  if (source == config.end() || source->is_null())
    return std::nullopt;
  if (source->is_string())
    return source->get<std::string>();
  if (source->is_array())
    return choose_template(*source, has_tools, model_directory);
  throw FormatError("template", "{}: bad chat_template: expected a string or a list, got {}",
                    config_path(model_directory).string(), source->type_name());
}

std::map<std::string, std::string> special_tokens_of(const std::filesystem::path& model_directory) {
  std::map<std::string, std::string> tokens;
  nlohmann::json config = read_tokenizer_config(model_directory);
  for (const char* name : kSpecialTokens) {
    auto it = config.find(name);
    if (it == config.end() || it->is_null())
      continue;
    const nlohmann::json& token =
        it->is_object() && it->contains("content") ? (*it)["content"] : *it;
    if (!token.is_string())
      throw FormatError("template", "{}: bad {}: expected a string or an object with content",
                        config_path(model_directory).string(), name);
    tokens[name] = token.get<std::string>();
  }
  return tokens;
}

}  // namespace ashlar
