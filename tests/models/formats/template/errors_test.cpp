// SPDX-License-Identifier: Apache-2.0
// What is wrong with a template is said with its line, and what we lack by its name.
#include "models/formats/template/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ashlar {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

template <typename Expected> std::string failure(std::string_view source, const Json& variables) {
  try {
    std::string text = Template::parse(source).render(variables);
    ADD_FAILURE() << "rendered " << text;
  } catch (const Expected& error) {
    return error.what();
  } catch (const Error& error) {
    ADD_FAILURE() << "another type of error: " << error.what();
  }
  return "";
}

std::string template_error(std::string_view source, const Json& variables = Json::object()) {
  return failure<TemplateError>(source, variables);
}

std::string unsupported(std::string_view source, const Json& variables = Json::object()) {
  return failure<Unsupported>(source, variables);
}

TEST(TemplateErrors, NameTheLineOfTheSource) {
  EXPECT_THAT(template_error("a\n\n{{ x.y }}"), HasSubstr("'x' is undefined (line 3)"));
  EXPECT_THAT(template_error("{% set a = 1 %}\n{% if a %}\n{{ 1 / 0 }}{% endif %}"),
              HasSubstr("division by zero (line 3)"));
  EXPECT_THAT(template_error("a\nb\n{% for x in y"), HasSubstr("(line 3)"));
  EXPECT_THAT(template_error("a\n{{ 'b }}"), HasSubstr("the string has no end (line 2)"));
  EXPECT_THAT(template_error("a\r\nb\r\n{{ x.y }}"), HasSubstr("(line 3)"));
}

TEST(TemplateErrors, SayWhatWasExpected) {
  EXPECT_THAT(template_error("{% if true %}x"),
              HasSubstr("Unexpected end of template: the tag 'endif' is missing"));
  EXPECT_THAT(template_error("{{ 1 2 }}"), HasSubstr("expected 'end of print statement', got '2'"));
  EXPECT_THAT(template_error("{% nosuch %}"), HasSubstr("Encountered unknown tag 'nosuch'"));
  EXPECT_THAT(template_error("{{ (1] }}"), HasSubstr("unexpected ']', expected ')'"));
  EXPECT_THAT(template_error("{{ n + 'a' }}", {{"n", 1}}),
              HasSubstr("unsupported operand type(s) for +: 'int' and 'str'"));
  EXPECT_THAT(template_error("{{ d.append(1) }}", {{"d", Json::array()}}),
              HasSubstr("access to attribute 'append' of 'list' object is unsafe."));
  EXPECT_THAT(template_error("{{ a.b.c }}", {{"a", Json::object()}}),
              HasSubstr("'dict object' has no attribute 'b'"));
  EXPECT_THAT(template_error("{{ range(3)|first|map|nosuch(1)|list if false else 1|list }}"),
              HasSubstr("'int' object is not iterable"));
}

TEST(TemplateErrors, CarryTheMessageOfRaiseException) {
  EXPECT_THAT(template_error("{{ raise_exception('Roles must alternate: ' ~ role) }}",
                             {{"role", "wizard"}}),
              HasSubstr("Roles must alternate: wizard"));
}

TEST(TemplateErrors, RefuseTextThatIsNotUtf8) {
  EXPECT_THAT(template_error("a\xFF"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(template_error("{{ x }}", {{"x", "\xC3"}}), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(template_error("{{ x }}", {{"x", {{"\xED\xA0\x80", 1}}}}),
              HasSubstr("not valid UTF-8"));
  EXPECT_THAT(template_error(std::string_view("a\0b", 3)), HasSubstr("zero byte"));
}

TEST(TemplateErrors, RefuseVariablesThatAreNoObject) {
  EXPECT_THROW(Template::parse("x").render(Json::array()), InvalidArgument);
}

TEST(TemplateErrors, NameTheConstructWeLack) {
  EXPECT_THAT(unsupported("\n{% include 'x' %}"), HasSubstr("line 2: the statement 'include'"));
  EXPECT_THAT(unsupported("{% extends 'x' %}"), HasSubstr("'extends'"));
  EXPECT_THAT(unsupported("{% import 'x' as y %}"), HasSubstr("'import'"));
  EXPECT_THAT(unsupported("{% from 'x' import y %}"), HasSubstr("'from'"));
  EXPECT_THAT(unsupported("{% block x %}{% endblock %}"), HasSubstr("'block'"));
  EXPECT_THAT(unsupported("{% autoescape true %}{% endautoescape %}"), HasSubstr("'autoescape'"));
  EXPECT_THAT(unsupported("\n\n{{ x|urlize }}"), HasSubstr("line 3: no filter named 'urlize'"));
  EXPECT_THAT(unsupported("{{ x is nosuch }}"), HasSubstr("no test named 'nosuch'"));
  EXPECT_THAT(unsupported("{{ [1]|map('pprint')|list }}"), HasSubstr("the filter 'pprint'"));
  EXPECT_THAT(unsupported("{{ lipsum() }}"), HasSubstr("the function 'lipsum'"));
  EXPECT_THAT(unsupported("{{ 'a'.encode() }}"), HasSubstr("the method 'encode' of 'str'"));
  EXPECT_THAT(unsupported("{{ 5 .bit_length() }}"), HasSubstr("the method 'bit_length' of 'int'"));
  EXPECT_THAT(unsupported("{{ self }}"), HasSubstr("the variable 'self'"));
  EXPECT_THAT(unsupported("{{ '\\N{DASH}' }}"), HasSubstr("\\N"));
}

TEST(TemplateErrors, RefuseWhatHasNoFixedText) {
  EXPECT_THAT(unsupported("{{ [1]|map('string') }}"), HasSubstr("printing a 'generator' object"));
  EXPECT_THAT(unsupported("{{ x.upper }}", {{"x", "a"}}), HasSubstr("memory address"));
}

TEST(TemplateErrors, RefuseIntegersBeyond64Bits) {
  EXPECT_THAT(unsupported("{{ 9223372036854775808 }}"), HasSubstr("9223372036854775808"));
  EXPECT_THAT(unsupported("{{ 9223372036854775807 + 1 }}"), HasSubstr("more than 64 bits"));
  EXPECT_THAT(unsupported("{{ 2 ** 64 }}"), HasSubstr("more than 64 bits"));
  EXPECT_THAT(unsupported("{{ -9223372036854775807 - 2 }}"), HasSubstr("more than 64 bits"));
  EXPECT_THAT(unsupported("{{ (-9223372036854775807 - 1) // -1 }}"),
              HasSubstr("more than 64 bits"));
  EXPECT_THAT(unsupported("{{ '9' * 30|int }}{{ ('9' * 30)|int }}"),
              HasSubstr("more than 64 bits"));
  EXPECT_THAT(unsupported("{{ 1e30|int }}"), HasSubstr("more than 64 bits"));
  EXPECT_THAT(unsupported("{{ x }}", {{"x", 18446744073709551615u}}),
              HasSubstr("18446744073709551615"));
}

}  // namespace
}  // namespace ashlar
