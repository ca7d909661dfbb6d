// SPDX-License-Identifier: Apache-2.0
// Renders conversations into the text a chat model was trained on.
#pragma once

#include "models/formats/template/template.h"

#include <filesystem>
#include <map>
#include <optional>

namespace ashlar {

// What a chat template is told about a conversation.
struct TemplateInput {
  // An array of objects with at least "role" and, mostly, "content".
  nlohmann::ordered_json messages = nlohmann::ordered_json::array();
  // Arrays, or null for none.
  nlohmann::ordered_json tools;
  nlohmann::ordered_json documents;
  bool add_generation_prompt = true;
  // "bos_token", "eos_token", ... as the template sees them.
  std::map<std::string, std::string> special_tokens;
  // Further variables, such as "enable_thinking"; they win over the special tokens.
  std::map<std::string, nlohmann::ordered_json> variables;
  // What strftime_now tells.
  CivilTime now = local_time_now();
};

class ChatTemplate {
public:
  // Errors as of Template::parse.
  static ChatTemplate parse(std::string_view source, const TemplateLimits& limits = {}) {
    return ChatTemplate(Template::parse(source, limits));
  }

  // Errors as of Template::render; InvalidArgument where messages, tools or documents are not
  // arrays.
  std::string render(const TemplateInput& input) const;

private:
  explicit ChatTemplate(Template source) : template_(std::move(source)) {}

  Template template_;
};

// The source of a model's chat template: with tools the file
// additional_chat_templates/tool_use.jinja, else chat_template.jinja, else `chat_template` of
// tokenizer_config.json, which is one template or a list of named ones: "tool_use" when there are
// tools and it exists, else "default". Nothing when the model has none. Throws FormatError for a
// malformed or oversized file and IoError.
std::optional<std::string> chat_template_source(const std::filesystem::path& model_directory,
                                                bool has_tools);

// The special tokens that tokenizer_config.json names, with its extra_special_tokens; empty without
// that file. Errors as above.
std::map<std::string, std::string> special_tokens_of(const std::filesystem::path& model_directory);

}  // namespace ashlar
