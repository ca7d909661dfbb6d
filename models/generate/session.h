// SPDX-License-Identifier: Apache-2.0
// A conversation whose caches are kept between turns.
//
// Templates rewrite history (they strip earlier thoughts, say), so every turn renders and encodes
// the whole conversation, keeps the longest common beginning of ids, rewinds to it and prefills the
// rest.
#pragma once

#include "models/formats/template/chat_template.h"
#include "models/generate/generator.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace ashlar {

// One conversation on one model with a single batch row. One thread at a time.
class Session {
public:
  // Throws Unsupported when the model folder has no chat template.
  explicit Session(LanguageModel& model);

  // Appends a message without generating: "system", "user", "tool", ...
  void add_message(std::string_view role, std::string_view content);
  // Takes the last message back; there must be one.
  void remove_message() { input_.messages.erase(input_.messages.size() - 1); }
  // Tools (an array, or null for none) and further variables that the template sees from now on. A
  // model may have a template of its own for conversations with tools; throws as the constructor.
  void set_tools(nlohmann::ordered_json tools);
  void set_variable(const std::string& name, nlohmann::ordered_json value);

  // Generates the assistant's next message and appends it. Throws as Generator::run and
  // ChatTemplate::render; the conversation is then as before.
  Generation reply(const GenerateOptions& options, const TextCallback& on_text = {},
                   std::stop_token cancel = {});

  const nlohmann::ordered_json& messages() const { return input_.messages; }
  // Ids of the last turn that the caches held already.
  std::int64_t reused_tokens() const { return reused_; }
  const GenerationTimes& times() const { return generator_.times(); }

  // Generates from ids instead of messages: they are the whole sequence so far.
  Generation continue_ids(const std::vector<std::int32_t>& ids, const GenerateOptions& options,
                          const TextCallback& on_text = {}, std::stop_token cancel = {});

private:
  LanguageModel& model_;
  Generator generator_;
  ChatTemplate template_;
  TemplateInput input_;
  std::int64_t reused_ = 0;
};

}  // namespace ashlar
