// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/chat_template.h"

#include "models/formats/json_file.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"

#include <array>

namespace ashlar {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTemplateFile = "chat_template.jinja";

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

std::string choose_template(const nlohmann::json& templates, bool has_tools,
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
  throw FormatError("template", "{}: none of the {} chat templates is named default",
                    config_path(model_directory).string(), by_name.size());
}

// A token is a string or an object with a `content`.
void add_token(std::map<std::string, std::string>& tokens, const std::string& name,
               const nlohmann::json& value, const std::filesystem::path& file) {
  if (value.is_null())
    return;
  const nlohmann::json& token =
      value.is_object() && value.contains("content") ? value["content"] : value;
  if (!token.is_string())
    throw FormatError("template", "{}: bad {}: expected a string or an object with content",
                      file.string(), in_quotes(name));
  tokens[name] = token.get<std::string>();
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
  for (const char* name :
       {has_tools ? "additional_chat_templates/tool_use.jinja" : kTemplateFile, kTemplateFile}) {
    if (is_present(model_directory / name))
      return read_file(model_directory / name, TemplateLimits().source_bytes, "template");
  }
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
  std::filesystem::path file = config_path(model_directory);
  for (const char* name : kSpecialTokens) {
    if (auto it = config.find(name); it != config.end())
      add_token(tokens, name, *it, file);
  }
  auto extra = config.find("extra_special_tokens");
  if (extra != config.end() && extra->is_object()) {
    for (const auto& [name, token] : extra->items())
      add_token(tokens, name, token, file);
  }
  return tokens;
}

}  // namespace ashlar
