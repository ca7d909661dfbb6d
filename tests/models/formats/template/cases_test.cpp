// SPDX-License-Identifier: Apache-2.0
// Renders every case of tests/data/templates/cases.json, which holds what Jinja2 makes of it.
#include "models/formats/template/template.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace ashlar {
namespace {

using Json = nlohmann::ordered_json;

const std::string kFolder = std::string(ASHLAR_TEST_DATA) + "/templates/";

std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream) << path;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

const Json& all_cases() {
  static const Json kCases = Json::parse(read_text(kFolder + "cases.json"));
  return kCases;
}

void check(const std::string& source, const Json& variables, const Json& expected) {
  const CivilTime now = parse_civil_time("2026-01-15T12:30:00");
  SCOPED_TRACE("template: " + source);
  try {
    std::string text = Template::parse(source).render(variables, now);
    ASSERT_TRUE(expected.contains("text"))
        << "rendered " << text << " where Jinja2 fails with " << expected["error"];
    EXPECT_EQ(text, expected["text"].get<std::string>());
  } catch (const Error& error) {
    EXPECT_TRUE(expected.contains("error")) << error.what();
  }
}

std::vector<std::string> group_names() {
  std::set<std::string> names;
  for (const Json& entry : all_cases()["cases"])
    names.insert(entry["group"]);
  return {names.begin(), names.end()};
}

class TemplateCases : public testing::TestWithParam<std::string> {};

TEST_P(TemplateCases, RenderAsInJinja) {
  int count = 0;
  for (const Json& entry : all_cases()["cases"]) {
    if (entry["group"] != GetParam())
      continue;
    check(entry["template"], all_cases()["variables"], entry);
    ++count;
  }
  EXPECT_GE(count, 5);
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Groups, TemplateCases, testing::ValuesIn(group_names()), test_name);

TEST(FamilyTemplates, RenderAsInJinja) {
  for (const Json& entry : all_cases()["families"]) {
    SCOPED_TRACE(entry["conversation"].get<std::string>());
    Json variables = {{"bos_token", "<s>"},
                      {"eos_token", "</s>"},
                      {"add_generation_prompt", true},
                      {"tools", nullptr},
                      {"documents", nullptr}};
    variables.update(all_cases()["conversations"][entry["conversation"].get<std::string>()]);
    check(read_text(kFolder + entry["template"].get<std::string>()), variables, entry);
  }
}

// Where Jinja2 raises the template's own exception, its words must arrive.
TEST(FamilyTemplates, CarryTheTemplatesMessage) {
  int count = 0;
  for (const Json& entry : all_cases()["families"]) {
    const std::string kPrefix = "TemplateError: ";
    std::string expected = entry.value("error", "");
    if (!expected.starts_with(kPrefix))
      continue;
    Json variables = {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"tools", nullptr}};
    variables.update(all_cases()["conversations"][entry["conversation"].get<std::string>()]);
    std::string source = read_text(kFolder + entry["template"].get<std::string>());
    try {
      Template::parse(source).render(variables);
      ADD_FAILURE() << expected;
    } catch (const TemplateError& error) {
      EXPECT_NE(std::string(error.what()).find(expected.substr(kPrefix.size())), std::string::npos)
          << error.what();
      EXPECT_GT(error.line(), 0);
    }
    ++count;
  }
  EXPECT_GE(count, 5);
}

}  // namespace
}  // namespace ashlar
