// SPDX-License-Identifier: Apache-2.0
// Templates that would run, grow or recurse without end stop with an error that says why.
#include "models/formats/template/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace ashlar {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

std::string failure(std::string_view source, const TemplateLimits& limits = {}) {
  auto start = std::chrono::steady_clock::now();
  std::string message;
  try {
    std::string text = Template::parse(source, limits).render(Json::object());
    ADD_FAILURE() << "rendered " << text.size() << " bytes";
  } catch (const TemplateError& error) {
    message = error.what();
  }
  // Far above what it takes, for slow machines and sanitizers.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30)) << source;
  return message;
}

std::string repeat(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i)
    result += text;
  return result;
}

TEST(TemplateLimits, EndlessTemplatesRunOutOfSteps) {
  const std::string kMessage = "does not come to an end within 10000000 steps";
  EXPECT_THAT(failure("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}"
                      "{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{% for a in range(99999) %}{{ range(99999)|sum }}{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{% macro m(n) %}{% if n %}{% set a = m(n - 1) %}{% set a = m(n - 1) %}"
                      "{% endif %}{% endmacro %}{{ m(60) }}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{% set a = 'x' * 9999999 %}{% for i in range(100000) %}"
                      "{% set n = a.count('y') %}{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{% set a = 'x' * 9999999 %}{% for i in range(100000) %}"
                      "{% if 'y' in a %}{% endif %}{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{% set a = range(99999)|list %}{% for i in a %}{% set b = a|sort %}"
                      "{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{% set ns = namespace(g=[]) %}{% for i in range(99999) %}"
                      "{% for j in range(99999) %}{% set ns.g = namespace(g=ns.g) %}{% endfor %}"
                      "{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ 1 in []|slice(10 ** 15) }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{% for x in []|slice(10 ** 15) %}{{ loop.length }}{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{% for a in range(3) %}x{% endfor %}", {.steps = 5}),
              HasSubstr("within 5 steps"));
}

TEST(TemplateLimits, RecursionStops) {
  const std::string kMessage = "recurses more than 1000 levels deep";
  EXPECT_THAT(failure("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{% macro a() %}{{ caller and '' }}{% call b() %}{% endcall %}{% endmacro %}"
                      "{% macro b() %}{{ caller and '' }}{% call a() %}{% endcall %}{% endmacro %}"
                      "{{ a() }}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{% set ns = namespace() %}{% for x in [1] recursive %}{{ loop([1]) }}"
                      "{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{% macro m(x=m()) %}{% endmacro %}{{ m() }}"), HasSubstr(kMessage));
}

TEST(TemplateLimits, NestingOfTheSourceStops) {
  const std::string kExpressions = "nested more than 200 levels deep";
  for (const auto& [open, close] : {std::pair("(", ")"),
                                    {"[", "]"},
                                    {"{1:", "}"},
                                    {"not ", ""},
                                    {"-", ""},
                                    {"f(", ")"},
                                    {"1 if 1 else ", ""},
                                    {"a[", "]"}}) {
    EXPECT_THAT(failure("{{ " + repeat(open, 5000) + "1" + repeat(close, 5000) + " }}"),
                HasSubstr(kExpressions))
        << open;
  }
  for (const char* part : {" + 1", ".a", "|list", " or 1", "[0]", "()", " ** 1"}) {
    EXPECT_THAT(failure("{{ a" + repeat(part, 5000) + " }}"), HasSubstr(kExpressions)) << part;
  }
  EXPECT_THAT(failure(repeat("{% if 1 %}", 5000)), HasSubstr("statements are nested more than"));
  EXPECT_THAT(failure(repeat("{% for x in y %}", 5000)),
              HasSubstr("statements are nested more than"));
}

TEST(TemplateLimits, LongFlatSourceIsFine) {
  std::string source = "{% if 0 %}" + repeat("{% elif 0 %}", 3000) + "{% else %}x{% endif %}";
  EXPECT_EQ(Template::parse(source).render(Json::object()), "x");
  EXPECT_EQ(Template::parse("{{ 'a'" + repeat(" ~ 'a'", 2000) + " }}").render(Json::object()),
            std::string(2001, 'a'));
}

TEST(TemplateLimits, TheSourceHasALimit) {
  EXPECT_THAT(failure(std::string(300 << 10, 'x')), HasSubstr("the source has 307200 bytes"));
}

TEST(TemplateLimits, TextsStopGrowing) {
  const std::string kMessage = "a text grows longer than 16777216 bytes";
  EXPECT_THAT(failure("{{ 'abc' * 1000000000000 }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ '%1000000s' % 'a' * 100 }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ 'a'.center(4000000000) }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ 'a'.zfill(4000000000) }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ '\\t'.expandtabs(4000000000) }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ ('a' * 100000).replace('a', 'b' * 100000) }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ ('b' * 100000).join('a' * 100000) }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ ('\\n' * 100000)|indent(100000, blank=true) }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ [range(9999)|list]|tojson(indent=9999) }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{% set ns = namespace(a='x') %}{% for i in range(99) %}"
                      "{% set ns.a = ns.a + ns.a %}{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ ('[' ~ [1] * 1000000 ~ ']') * 9 }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{% for i in range(9) %}{{ 'a' * 9000000 }}{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ 'abcdef' }}", {.output_bytes = 5}),
              HasSubstr("a text grows longer than 5 bytes"));
}

TEST(TemplateLimits, FormatsStopGrowing) {
  EXPECT_THAT(failure("{{ '%9999999999d' % 1 }}"), HasSubstr("a format asks for"));
  EXPECT_THAT(failure("{{ '%*d' % (9999999999, 1) }}"), HasSubstr("a format asks for"));
  EXPECT_THAT(failure("{{ '{:9999999999}'.format(1) }}"), HasSubstr("a format asks for"));
  EXPECT_THAT(failure("{{ '{:.99999f}'.format(1.0) }}"), HasSubstr("a format asks for"));
}

TEST(TemplateLimits, ListsStopGrowing) {
  const std::string kMessage = "a list grows longer than 1048576 items";
  EXPECT_THAT(failure("{{ [1] * 1000000000000 }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ [1, 2, 3]|batch(9999999999, 'x')|list }}"), HasSubstr(kMessage));
  EXPECT_THAT(failure("{% set ns = namespace(a=[1]) %}{% for i in range(99) %}"
                      "{% set ns.a = ns.a + ns.a %}{% endfor %}"),
              HasSubstr(kMessage));
  EXPECT_THAT(failure("{{ range(100001) }}"), HasSubstr("Range too big"));
  EXPECT_THAT(failure("{{ range(-9223372036854775807, 9223372036854775807, 9)|length }}"),
              HasSubstr("Range too big"));
}

TEST(TemplateLimits, ValuesStopNesting) {
  const std::string kMessage = "nested more than 200 levels deep";
  for (const char* step : {"[ns.a]", "(ns.a,)", "{1: ns.a}", "[ns.a].count", "ns.a|map('string')",
                           "{1: ns.a}.items()", "[ns.a]|batch(1)", "cycler(ns.a)"}) {
    std::string source = "{% set ns = namespace(a=[]) %}{% for i in range(99999) %}{% set ns.a = " +
                         std::string(step) + " %}{% endfor %}";
    EXPECT_THAT(failure(source), HasSubstr(kMessage)) << step;
  }
  EXPECT_THAT(failure("{% set ns = namespace(a=[]) %}{% for i in range(99999) %}"
                      "{% for x in [ns.a] %}{% set ns.a = loop %}{% endfor %}{% endfor %}"),
              HasSubstr(kMessage));
}

// Each level holds the previous one twice, so that walking the last one would take 2^60 visits.
TEST(TemplateLimits, ValuesStopMultiplying) {
  EXPECT_THAT(failure("{% set ns = namespace(a=[1]) %}{% for i in range(60) %}"
                      "{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a == ns.a }}"),
              HasSubstr("a value holds more than 8388608 other values"));
}

TEST(TemplateLimits, InputStopsNesting) {
  Json deep = Json::array();
  for (int i = 0; i < 300; ++i)
    deep = Json::array({std::move(deep)});
  try {
    Template::parse("x").render({{"messages", deep}});
    ADD_FAILURE();
  } catch (const TemplateError& error) {
    EXPECT_THAT(error.what(), HasSubstr("nested more than 200 levels deep"));
  }
}

// Values that contain themselves are released, and printing them ends.
TEST(TemplateLimits, CyclesEnd) {
  EXPECT_THAT(failure("{% set ns = namespace() %}{% set ns.self = ns %}{{ ns }}"),
              HasSubstr("nested too deeply to be printed"));
  Template cyclic = Template::parse(
      "{% set ns = namespace() %}{% set ns.self = [ns] %}{% macro m() %}{% endmacro %}"
      "{% set ns.m = m %}{% for x in [1] recursive %}{% set ns.loop = loop %}"
      "{{ loop.changed(ns, loop) }}{% set ns.cycle = loop.cycle %}{% endfor %}"
      "{% set ns.g = ns.self|map('string') %}"
      "{% for x in [1, 2] if x %}{% set ns.filtered = loop %}{% endfor %}"
      "{% set filtered = ns.filtered %}");
  EXPECT_EQ(cyclic.render(Json::object()), "True");
}

TEST(TemplateLimits, ManyTimesNothingIsNothing) {
  EXPECT_EQ(Template::parse("{{ '' * 10 ** 15 }}{{ [] * 10 ** 15 }}{{ '\\t'.expandtabs(-9) }}")
                .render(Json::object()),
            "[]");
}

TEST(TemplateLimits, ATemplateCanBeRenderedAgain) {
  Template counter = Template::parse(
      "{% set ns = namespace(n=0) %}{% for x in xs %}{% set ns.n = ns.n + x %}{% endfor %}"
      "{{ ns.n }}");
  EXPECT_EQ(counter.render({{"xs", {1, 2, 3}}}), "6");
  EXPECT_EQ(counter.render({{"xs", {4}}}), "4");
}

}  // namespace
}  // namespace ashlar
