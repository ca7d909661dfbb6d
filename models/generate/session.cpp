// SPDX-License-Identifier: Apache-2.0
#include "models/generate/session.h"

#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

ChatTemplate template_of(const LanguageModel& model, bool has_tools) {
  const auto source = model.source().chat_template(has_tools);
  if (!source)
    throw Unsupported("session", "{} has no chat template; use `generate` with a raw prompt",
                      model.source().name());
  return ChatTemplate::parse(*source);
}

}  // namespace

Session::Session(LanguageModel& model)
    : model_(model), generator_(model), template_(template_of(model, false)) {
  input_.special_tokens = model.source().special_tokens();
}

void Session::add_message(std::string_view role, std::string_view content) {
  input_.messages.push_back({{"role", role}, {"content", content}});
}

void Session::set_tools(nlohmann::ordered_json tools) {
  template_ = template_of(model_, !tools.is_null());
  input_.tools = std::move(tools);
}

void Session::set_variable(const std::string& name, nlohmann::ordered_json value) {
  input_.variables[name] = std::move(value);
}

Generation Session::reply(const GenerateOptions& options, const TextCallback& on_text,
                          std::stop_token cancel) {
  const std::string text = template_.render(input_);
  Generation generation =
      continue_ids(model_.tokenizer().encode(text, false), options, on_text, cancel);
  add_message("assistant", generation.text);
  return generation;
}

Generation Session::continue_ids(const std::vector<std::int32_t>& ids,
                                 const GenerateOptions& options, const TextCallback& on_text,
                                 std::stop_token cancel) {
  if (ids.empty())
    throw InvalidArgument("session", "the conversation has no tokens");
  const std::vector<std::int32_t>& cached = model_.runtime().ids().front();
  const auto [end, unused] = std::ranges::mismatch(cached, ids);
  // The last id is always fed again: its logits choose the next token.
  std::int64_t kept =
      std::min<std::int64_t>(end - cached.begin(), static_cast<std::int64_t>(ids.size()) - 1);
  if (!model_.runtime().can_rewind(0, kept))
    kept = 0;
  model_.runtime().rewind(std::vector<std::int64_t>{kept});
  reused_ = kept;

  Generation generation =
      generator_.run({{ids.begin() + kept, ids.end()}}, options, on_text, cancel).front();
  generation.prompt_tokens = static_cast<std::int64_t>(ids.size());
  return generation;
}

}  // namespace ashlar
