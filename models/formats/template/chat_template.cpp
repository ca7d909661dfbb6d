// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/chat_template.h"

#include <array>
#include <fstream>
#include <sstream>

namespace ashlar {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 7> kSpecialTokens = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

// Far beyond any tokenizer_config.json, which may list thousands of added tokens.
constexpr std::uintmax_t kMaxConfigBytes = 64 << 20;

void require_array(const Json& value, std::string_view name) {
  if (!value.is_array())
    throw InvalidArgument("template", "bad {}: expected a JSON array, got {}", name,
                          value.type_name());
}

std::string read_file(const std::filesystem::path& path) {
  std::error_code error;
  auto size = std::filesystem::file_size(path, error);
  if (error)
    throw IoError("template", "cannot read {}: {}", path.string(), error.message());
  if (size > kMaxConfigBytes)
    throw FormatError("template", "{} has {} bytes: at most {} are accepted", path.string(), size,
                      kMaxConfigBytes);
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream)
    throw IoError("template", "cannot read {}", path.string());
  return std::move(text).str();
}

std::optional<Json> read_tokenizer_config(const std::filesystem::path& model_directory) {
  std::filesystem::path path = model_directory / "tokenizer_config.json";
  if (!std::filesystem::exists(path))
    return std::nullopt;
  Json config = Json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  if (!config.is_object())
    throw FormatError("template", "{}: expected a JSON object", path.string());
  return config;
}

std::optional<std::string> choose_template(const Json& templates, bool has_tools,
                                           const std::filesystem::path& model_directory) {
  std::map<std::string, std::string> by_name;
  for (const Json& entry : templates) {
    bool valid = entry.is_object() && entry.contains("name") && entry["name"].is_string() &&
                 entry.contains("template") && entry["template"].is_string();
    if (!valid)
      throw FormatError("template",
                        "{}: bad chat_template: expected a list of objects with the strings name "
                        "and template",
                        (model_directory / "tokenizer_config.json").string());
    by_name[entry["name"]] = entry["template"];
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
  if (std::filesystem::exists(file))
    return read_file(file);
  std::optional<Json> config = read_tokenizer_config(model_directory);
  if (!config || !config->contains("chat_template") || (*config)["chat_template"].is_null())
    return std::nullopt;
  const Json& source = (*config)["chat_template"];
  if (source.is_string())
    return source.get<std::string>();
  if (source.is_array())
    return choose_template(source, has_tools, model_directory);
  throw FormatError("template", "{}: bad chat_template: expected a string or a list, got {}",
                    (model_directory / "tokenizer_config.json").string(), source.type_name());
}

std::map<std::string, std::string> special_tokens_of(const std::filesystem::path& model_directory) {
  std::map<std::string, std::string> tokens;
  std::optional<Json> config = read_tokenizer_config(model_directory);
  if (!config)
    return tokens;
  for (const char* name : kSpecialTokens) {
    auto it = config->find(name);
    if (it == config->end() || it->is_null())
      continue;
    const Json& token = it->is_object() && it->contains("content") ? (*it)["content"] : *it;
    if (!token.is_string())
      throw FormatError("template", "{}: bad {}: expected a string or an object with content",
                        (model_directory / "tokenizer_config.json").string(), name);
    tokens[name] = token.get<std::string>();
  }
  return tokens;
}

}  // namespace ashlar
