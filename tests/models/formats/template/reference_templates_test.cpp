// SPDX-License-Identifier: Apache-2.0
// Renders chat templates of published models, where a folder with them lies beside the checkout
// (../shared/chat_templates, or ASHLAR_CHAT_TEMPLATES names it): NAME.jinja, and NAME.json with one
// `input` and the `text` or `error` of Jinja2 per case. They are other people's and not part of the
// repository.
#include "models/formats/template/template.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace ashlar {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

fs::path folder() {
  if (const char* named = std::getenv("ASHLAR_CHAT_TEMPLATES"))
    return named;
  return fs::path(ASHLAR_TEST_DATA) / "../../../shared/chat_templates";
}

std::string read_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string without_generation_tags(const std::string& source) {
  std::string result = std::regex_replace(source, std::regex(R"(\{%(-?)\s*generation\s*(-?)%\})"),
                                          "{%$1 if true $2%}");
  return std::regex_replace(result, std::regex(R"(\{%(-?)\s*endgeneration\s*(-?)%\})"),
                            "{%$1 endif $2%}");
}

void check(const std::string& source, const Json& entry) {
  Json variables = {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"add_generation_prompt", true}};
  variables.update(entry["input"]);
  const CivilTime now = parse_civil_time("2026-01-15T12:30:00");
  std::string expected = entry.value("error", "");
  // The reference was made without the generation tag, which renders its body.
  if (expected.find("unknown tag 'generation'") != std::string::npos) {
    EXPECT_EQ(Template::parse(source).render(variables, now),
              Template::parse(without_generation_tags(source)).render(variables, now));
    return;
  }
  try {
    std::string text = Template::parse(source).render(variables, now);
    ASSERT_TRUE(entry.contains("text")) << "rendered where Jinja2 fails with " << expected;
    EXPECT_EQ(text, entry["text"].get<std::string>());
  } catch (const TemplateError& error) {
    EXPECT_TRUE(entry.contains("error")) << error.what();
  }
}

TEST(ReferenceTemplates, RenderAsInJinja) {
  if (!fs::is_directory(folder()))
    GTEST_SKIP() << "no folder " << folder() << " with chat templates";
  int count = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(folder())) {
    if (file.path().extension() != ".jinja")
      continue;
    std::string source = read_text(file.path());
    fs::path cases = fs::path(file.path()).replace_extension(".json");
    const Json entries = Json::parse(read_text(cases));
    for (const auto& [name, entry] : entries.items()) {
      SCOPED_TRACE(file.path().filename().string() + " " + name);
      check(source, entry);
      ++count;
    }
  }
  EXPECT_GE(count, 300);
  RecordProperty("renderings", count);
}

}  // namespace
}  // namespace ashlar
