// SPDX-License-Identifier: Apache-2.0
#include "models/formats/json_file.h"

#include "models/formats/json_fields.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace ashlar {
namespace {

using test::message_of;
using testing::HasSubstr;

std::string error_of(std::string_view text, JsonLimits limits = {}) {
  return message_of<FormatError>([&] { parse_json(text, "f.json", limits); });
}

std::string nested(int depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(InQuotes, EscapesAndCuts) {
  EXPECT_EQ(in_quotes("a\"\\\n\xff"), R"("a\"\\\x0a\xff")");
  EXPECT_EQ(in_quotes("abc", 3), R"("abc")");
  EXPECT_EQ(in_quotes("abcd", 3), R"("abc"... (4 bytes))");
  EXPECT_EQ(in_quotes(""), R"("")");
}

TEST(JsonFile, BuildsTheSameTreeAsTheLibrary) {
  const std::string text = R"({"a":[1,-2,3.5,"x",null,true,[],{}],)"
                           R"("b":{"c":{"d":[[1],[2,[3]]]}},"e":18446744073709551615})";
  EXPECT_EQ(parse_json(text, "f"), nlohmann::json::parse(text));
  EXPECT_EQ(parse_json(" 7 ", "f"), 7);
  EXPECT_EQ(parse_json("\xef\xbb\xbf{}", "f"), nlohmann::json::object());
}

TEST(JsonFile, RefusesBrokenText) {
  for (const std::string_view text :
       {"", "{", "[1,]", "{\"a\":1,}", "nul", "01", "\"\xff\"", "\"\\ud800\"", "1e400", "{} {}",
        "NaN", "// c\n1", "'a'", "[\"\x01\"]"})
    EXPECT_THAT(error_of(text), HasSubstr("f.json is not valid JSON near byte")) << text;
}

TEST(JsonFile, ReadsPythonsInfinitiesAsNullIfAsked) {
  EXPECT_EQ(infinities_as_null(R"([0.5, Infinity, -Infinity])"), "[0.5, null, null]");
  EXPECT_EQ(infinities_as_null(R"(["Infinity", "\"Infinity", 1])"),
            R"(["Infinity", "\"Infinity", 1])");
  EXPECT_EQ(infinities_as_null("\"\\"), "\"\\");
}

TEST(JsonFile, NulDoesNotEndTheText) {
  EXPECT_THAT(error_of(std::string_view("{}\0", 3)), HasSubstr("near byte 3: \"\\x00\""));
  EXPECT_THAT(error_of(std::string_view("{\"a\":1\0}", 8)), HasSubstr("near byte 7"));
}

TEST(JsonFile, ErrorsStayShort) {
  EXPECT_LT(error_of("\"" + std::string(1 << 20, 'x')).size(), 200u);
}

TEST(JsonFile, RefusesRepeatedKeys) {
  EXPECT_THAT(error_of(R"({"a":{"b":1,"c":2,"b":3}})"), HasSubstr("key \"b\" appears twice"));
  EXPECT_NO_THROW(parse_json(R"([{"b":1},{"b":2},{"c":{"b":3},"b":{}}])", "f"));
}

TEST(JsonFile, LimitsDepth) {
  EXPECT_NO_THROW(parse_json(nested(64), "f"));
  EXPECT_THAT(error_of(nested(65)), HasSubstr("expected at most 64 levels"));
  EXPECT_THAT(error_of(std::string(1 << 20, '[')), HasSubstr("nests too deeply"));
  EXPECT_THAT(error_of(R"({"a":{"b":1}})", {.max_depth = 1}), HasSubstr("at most 1 levels"));
}

TEST(JsonFile, LimitsSize) {
  EXPECT_NO_THROW(parse_json("[1]", "f", {.max_bytes = 3}));
  EXPECT_THAT(error_of("[12]", {.max_bytes = 3}), HasSubstr("expected at most 3 bytes, got 4"));
  const test::TemporaryFolder folder;
  const auto path = folder.write("big.json", "[12]");
  EXPECT_EQ(read_json_file(path), nlohmann::json::array({12}));
  EXPECT_THAT(message_of<FormatError>([&] { read_json_file(path, {.max_bytes = 3}); }),
              HasSubstr("big.json\" is too large: expected at most 3 bytes, got 4"));
  EXPECT_THAT(message_of<IoError>([&] { read_json_file(folder.path() / "none.json"); }),
              HasSubstr("none.json\": No such file"));
}

TEST(InputFile, AFileThatShrinksIsAnError) {
  const test::TemporaryFolder folder;
  const auto path = folder.write("a", "0123456789");
  const InputFile file(path, "test");
  std::filesystem::resize_file(path, 4);
  std::string bytes(10, ' ');
  EXPECT_THAT(message_of<IoError>([&] { file.read(0, bytes); }),
              HasSubstr("[test] \"" + path.string() +
                        "\" ended while it was read: expected 6 more bytes at offset 4"));
}

TEST(InputFile, AnEmptyFileMapsToNothing) {
  const test::TemporaryFolder folder;
  const InputFile file(folder.write("a", ""), "test");
  EXPECT_TRUE(MappedFile(file, "test").bytes().empty());
}

TEST(JsonFields, GettersCheckTypesAndRanges) {
  const auto json =
      parse_json(R"({"i":5,"big":18446744073709551615,"neg":-1,"f":1.5,"s":"x","n":null,"b":true,)"
                 R"("l":[1,2],"o":{},"t":["a"],"open":[0,null],"back":[2,1],)"
                 R"("infinite":[0.5,{"__float__":"Infinity"}]})",
                 "f");
  const JsonFields fields(json, "f.json");
  const auto error = [&](auto action) { return message_of<FormatError>(action); };
  EXPECT_EQ(fields.integer("i", {0, 5}), 5);
  EXPECT_EQ(fields.integer("n", {0, 5}), std::nullopt);
  EXPECT_EQ(fields.integer("absent", {0, 5}), std::nullopt);
  EXPECT_EQ(fields.number("i"), 5.0);
  EXPECT_EQ(fields.integers("l", {0, 9}), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(fields.integers("i", {0, 9}), (std::vector<std::int64_t>{5}));
  EXPECT_TRUE(fields.contains("n"));
  EXPECT_FALSE(fields.is_set("n"));
  EXPECT_TRUE(fields.is_set("o"));
  EXPECT_THAT(error([&] { fields.integer("i", {0, 4}); }),
              HasSubstr("f.json: i: expected an integer in [0, 4], got 5"));
  EXPECT_THAT(error([&] { fields.integer("big", {}); }), HasSubstr("got 18446744073709551615"));
  EXPECT_THAT(error([&] { fields.integer("neg", {}); }), HasSubstr("got -1"));
  EXPECT_EQ(fields.integer("neg", {-5, 5}), -1);
  EXPECT_THAT(error([&] { fields.integer("neg", {-5, -2}); }), HasSubstr("in [-5, -2], got -1"));
  EXPECT_THAT(error([&] { fields.integer("f", {}); }), HasSubstr("got 1.5"));
  EXPECT_THAT(error([&] { fields.integer("s", {}); }), HasSubstr("got \"x\""));
  EXPECT_THAT(error([&] { fields.integers("t", {}); }), HasSubstr("or a list of them, got array"));
  EXPECT_THAT(error([&] { fields.number("s"); }), HasSubstr("expected a finite number"));
  EXPECT_THAT(error([&] { fields.positive_number("neg"); }),
              HasSubstr("expected a number above 0"));
  EXPECT_EQ(fields.interval("l")->low, 1.0);
  EXPECT_EQ(fields.interval("l")->high, 2.0);
  EXPECT_FALSE(fields.interval("open")->high.has_value());
  EXPECT_FALSE(fields.interval("infinite")->high.has_value());
  EXPECT_FALSE(fields.interval("absent").has_value());
  EXPECT_THAT(error([&] { fields.interval("t"); }), HasSubstr("t: expected two numbers, got"));
  EXPECT_THAT(error([&] { fields.interval("back"); }), HasSubstr("expected two numbers in order"));
  EXPECT_THAT(error([&] { fields.flag("i"); }), HasSubstr("expected true or false"));
  EXPECT_THAT(error([&] { fields.text("b"); }), HasSubstr("expected a string, got true"));
  EXPECT_THAT(error([&] { fields.texts("l"); }), HasSubstr("expected a list of strings"));
  EXPECT_THAT(error([&] { fields.object("l"); }), HasSubstr("f.json: l: expected an object"));
  EXPECT_THAT(error([&] { JsonFields(json.at("l"), "f.json"); }), HasSubstr("expected an object"));
}

}  // namespace
}  // namespace ashlar
