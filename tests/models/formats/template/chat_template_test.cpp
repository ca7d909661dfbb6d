// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ashlar {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
namespace fs = std::filesystem;

// A model directory that is removed afterwards.
class ModelDirectory {
public:
  ModelDirectory() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = fs::path(testing::TempDir()) / (std::string("chat_template_") + test->name());
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~ModelDirectory() { fs::remove_all(path_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  const fs::path& path() const { return path_; }

private:
  fs::path path_;
};

template <typename Expected, typename Action> std::string failure(Action&& action) {
  try {
    action();
    ADD_FAILURE() << "no error";
  } catch (const Expected& error) {
    return error.what();
  }
  return "";
}

TEST(ChatTemplate, SeesTheConversation) {
  TemplateInput input;
  input.messages = Json::array({{{"role", "user"}, {"content", "Hi"}}});
  input.special_tokens = {{"bos_token", "<s>"}, {"pad_token", "<pad>"}};
  input.variables = {{"enable_thinking", false}, {"pad_token", "mine"}};
  input.now = parse_civil_time("2026-01-15");
  ChatTemplate chat = ChatTemplate::parse(
      "{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ m.content }}{% endfor %}|"
      "{{ tools is none }}|{{ documents is none }}|{{ add_generation_prompt }}|"
      "{{ enable_thinking }}|{{ pad_token }}|{{ eos_token is defined }}|"
      "{{ strftime_now('%Y-%m-%d') }}");
  EXPECT_EQ(chat.render(input), "<s>user:Hi|True|True|True|False|mine|False|2026-01-15");
  input.add_generation_prompt = false;
  input.tools = Json::array({{{"b", 1}, {"a", 2}}});
  EXPECT_EQ(ChatTemplate::parse("{{ add_generation_prompt }}{{ tools }}").render(input),
            "False[{'b': 1, 'a': 2}]");
}

TEST(ChatTemplate, RefusesWhatIsNoArray) {
  ChatTemplate chat = ChatTemplate::parse("x");
  TemplateInput input;
  input.messages = "text";
  EXPECT_THAT(failure<InvalidArgument>([&] { chat.render(input); }),
              HasSubstr("bad messages: expected a JSON array, got string"));
  input.messages = Json::array();
  input.tools = Json::object();
  EXPECT_THAT(failure<InvalidArgument>([&] { chat.render(input); }), HasSubstr("bad tools"));
}

TEST(ChatTemplateSource, IsTheFileFirst) {
  ModelDirectory model;
  EXPECT_EQ(chat_template_source(model.path(), false), std::nullopt);
  model.write("tokenizer_config.json", R"({"bos_token": "<s>"})");
  EXPECT_EQ(chat_template_source(model.path(), false), std::nullopt);
  model.write("tokenizer_config.json", R"({"chat_template": "from config"})");
  EXPECT_EQ(chat_template_source(model.path(), false), "from config");
  model.write("chat_template.jinja", "from file\n");
  EXPECT_EQ(chat_template_source(model.path(), true), "from file\n");
  fs::create_directory(model.path() / "additional_chat_templates");
  model.write("additional_chat_templates/tool_use.jinja", "for tools");
  EXPECT_EQ(chat_template_source(model.path(), true), "for tools");
  EXPECT_EQ(chat_template_source(model.path(), false), "from file\n");
}

TEST(ChatTemplateSource, ChoosesAmongNamedTemplates) {
  ModelDirectory model;
  model.write("tokenizer_config.json", R"({"chat_template": [
      {"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"},
      {"name": "rag", "template": "r"}]})");
  EXPECT_EQ(chat_template_source(model.path(), false), "d");
  EXPECT_EQ(chat_template_source(model.path(), true), "t");
  model.write("tokenizer_config.json",
              R"({"chat_template": [{"name": "default", "template": "d"}]})");
  EXPECT_EQ(chat_template_source(model.path(), true), "d");
  model.write("tokenizer_config.json", R"({"chat_template": [{"name": "rag", "template": "r"}]})");
  EXPECT_THAT(failure<FormatError>([&] { chat_template_source(model.path(), true); }),
              HasSubstr("none of the 1 chat templates is named default"));
}

TEST(ChatTemplateSource, RefusesMalformedConfigurations) {
  ModelDirectory model;
  auto source = [&] { chat_template_source(model.path(), false); };
  model.write("tokenizer_config.json", R"({"chat_template": 5})");
  EXPECT_THAT(failure<FormatError>(source),
              HasSubstr("bad chat_template: expected a string or a list, got number"));
  model.write("tokenizer_config.json", R"({"chat_template": [{"name": "default"}]})");
  EXPECT_THAT(failure<FormatError>(source), HasSubstr("the strings name and template"));
  model.write("tokenizer_config.json", R"([1])");
  EXPECT_THAT(failure<FormatError>(source), HasSubstr("expected a JSON object, got array"));
  model.write("tokenizer_config.json", R"({"chat)");
  EXPECT_THAT(failure<FormatError>(source), HasSubstr("tokenizer_config.json"));
}

TEST(SpecialTokens, AreStringsOrObjects) {
  ModelDirectory model;
  EXPECT_TRUE(special_tokens_of(model.path()).empty());
  model.write("tokenizer_config.json",
              R"({"bos_token": null, "eos_token": "</s>",
                  "pad_token": {"content": "<pad>", "lstrip": false}, "model_max_length": 5,
                  "extra_special_tokens": {"image_token": "<image>"}})");
  std::map<std::string, std::string> expected = {
      {"eos_token", "</s>"}, {"image_token", "<image>"}, {"pad_token", "<pad>"}};
  EXPECT_EQ(special_tokens_of(model.path()), expected);
  model.write("tokenizer_config.json", R"({"bos_token": 5})");
  EXPECT_THAT(failure<FormatError>([&] { special_tokens_of(model.path()); }),
              HasSubstr("bad \"bos_token\": expected a string or an object with content"));
}

TEST(Pebble, RendersAsItWasTrained) {
  fs::path model = fs::path(ASHLAR_CHECKPOINTS) / "pebble-4m";
  ChatTemplate chat = ChatTemplate::parse(chat_template_source(model, false).value());
  EXPECT_EQ(special_tokens_of(model).at("eos_token"), "<|im_end|>");
  TemplateInput input;
  input.messages = Json::array({{{"role", "system"}, {"content", "Think before you answer."}},
                                {{"role", "user"}, {"content", "Add 3 and 4."}},
                                {{"role", "assistant"}, {"content", "<think>\n3+4\n</think>\n\n7"}},
                                {{"role", "user"}, {"content", "Thanks"}}});
  EXPECT_EQ(chat.render(input), "<|im_start|>system\nThink before you answer.<|im_end|>\n"
                                "<|im_start|>user\nAdd 3 and 4.<|im_end|>\n"
                                "<|im_start|>assistant\n7<|im_end|>\n"
                                "<|im_start|>user\nThanks<|im_end|>\n<|im_start|>assistant\n");
  input.messages = Json::array({{{"role", "user"}, {"content", "Weather in Oslo?"}}});
  input.messages.push_back(Json::parse(
      R"({"role": "assistant", "content": "", "tool_calls": [{"function":
          {"name": "get_weather", "arguments": {"city": "Oslo"}}}]})"));
  input.tools = Json::parse(R"([{"type": "function", "function": {"name": "get_weather",
          "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}])");
  EXPECT_EQ(chat.render(input),
            "<|im_start|>system\nYou can call tools.\n<tools>\n"
            "{\"name\": \"get_weather\", \"parameters\": {\"type\": \"object\", \"properties\": "
            "{\"city\": {\"type\": \"string\"}}}}\n</tools><|im_end|>\n"
            "<|im_start|>user\nWeather in Oslo?<|im_end|>\n<|im_start|>assistant\n<tool_call>\n"
            "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>"
            "<|im_end|>\n<|im_start|>assistant\n");
}

}  // namespace
}  // namespace ashlar
