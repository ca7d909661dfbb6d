// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/regex.h"

#include "models/formats/tokenizer/regex_syntax.h"
#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace ashlar::tokenizer {
namespace {

using test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Span> spans(std::string_view pattern, std::string_view text) {
  WorkLimit limit = WorkLimit::for_text(text.size());
  return Regex(pattern).find_all(text, limit);
}

std::vector<std::string> matches(std::string_view pattern, std::string_view text) {
  std::vector<std::string> result;
  for (const Span& span : spans(pattern, text))
    result.emplace_back(span.in(text));
  return result;
}

TEST(Regex, FindsLeftmostMatchesInOrderOfAlternatives) {
  EXPECT_THAT(matches("a|ab", "ab ab"), ElementsAre("a", "a"));
  EXPECT_THAT(matches("ab|a", "aab"), ElementsAre("a", "ab"));
}

TEST(Regex, ReportsEmptyMatchesOncePerPlace) {
  EXPECT_THAT(matches("x*", "axxb"), ElementsAre("", "xx", ""));
  EXPECT_THAT(matches("", "\xC3\xA9z"), ElementsAre("", "", ""));
  EXPECT_THAT(matches("x*", ""), IsEmpty());
}

TEST(Regex, WhiteSpaceIsNotTheMongolianVowelSeparator) {
  EXPECT_THAT(matches(R"(\s)", "\xE1\xA0\x8E"), IsEmpty());
  EXPECT_THAT(matches(R"([\s])", "\xE1\xA0\x8E"), IsEmpty());
  EXPECT_THAT(matches(R"(\S)", "\xE1\xA0\x8E"), ElementsAre("\xE1\xA0\x8E"));
  EXPECT_THAT(matches(R"([^\s])", "\xE1\xA0\x8E"), ElementsAre("\xE1\xA0\x8E"));
  EXPECT_THAT(matches(R"([\Sa])", "\xE1\xA0\x8E"), ElementsAre("\xE1\xA0\x8E"));
  EXPECT_THAT(matches(R"(\s+)", " \t\v\xC2\x85\xC2\xA0\xE3\x80\x80\xE2\x80\xA8"),
              ElementsAre(" \t\v\xC2\x85\xC2\xA0\xE3\x80\x80\xE2\x80\xA8"));
}

TEST(Regex, ClassesNestAndIntersect) {
  EXPECT_THAT(matches("[a-d&&[^b]]+", "abcd"), ElementsAre("a", "cd"));
  EXPECT_THAT(matches("[a[xy]]+", "axbyz"), ElementsAre("ax", "y"));
  EXPECT_THAT(matches("[^a[xy]]", "axby"), ElementsAre("b"));
  EXPECT_THAT(matches("[^a-z&&[^x]]", "ax1"), ElementsAre("x", "1"));
  EXPECT_THAT(matches(R"([\w&&\d&&[0-4]])", "a3 9"), ElementsAre("3"));
  EXPECT_THAT(matches("[a&&]", "a"), IsEmpty());
}

TEST(Regex, IntervalsFollowRuby) {
  EXPECT_THAT(matches("a{1,2}+b", "aaaab"), ElementsAre("aaaab"));
  EXPECT_THAT(matches("a{2}?b", "b aab"), ElementsAre("b", "aab"));
  EXPECT_THAT(matches("a{,2}b", "aaab"), ElementsAre("aab"));
  EXPECT_THAT(matches("a{,}b{x", "a{,}b{x"), ElementsAre("a{,}b{x"));
  EXPECT_THAT(matches("a++a", "aaa"), IsEmpty());
  EXPECT_THAT(matches("a{1,3}?", "aa"), ElementsAre("a", "a"));
}

TEST(Regex, OptionsCoverTheRestOfTheirGroup) {
  EXPECT_THAT(matches("(?:a|b(?i)c|d)e", "bCE De DE ae Ae"), ElementsAre("ae"));
  EXPECT_THAT(matches("(?:a|b(?i)c|d)e", "bCe"), ElementsAre("bCe"));
  EXPECT_THAT(matches("a(?i)b|c", "aB aC C"), ElementsAre("aB", "aC"));
  EXPECT_THAT(matches("(?m:.)", "\n"), ElementsAre("\n"));
  EXPECT_THAT(matches(".", "\n\r"), ElementsAre("\r"));
  EXPECT_THAT(matches("(?x) a  b # comment\n +", "abbb"), ElementsAre("abbb"));
}

TEST(Regex, CaseFoldingReachesBeyondAscii) {
  EXPECT_THAT(matches("(?i:s)", "sS\xC5\xBF"), ElementsAre("s", "S", "\xC5\xBF"));
  EXPECT_THAT(matches("(?i:k)", "\xE2\x84\xAA"), ElementsAre("\xE2\x84\xAA"));
}

TEST(Regex, LinesBeginAndEndInsideTheText) {
  EXPECT_THAT(matches("^b", "a\nb"), ElementsAre("b"));
  EXPECT_THAT(matches("a$", "a\nb"), ElementsAre("a"));
}

TEST(Regex, MalformedPatternsAreFormatErrors) {
  for (const std::string pattern :
       {"(", ")", "[", "[]", "[^]", "a**b)", "*a", "\\", "[z-a]", "[a-\\d]", "(?q:a)", "\\u12",
        "\\x{110000}", "\\x{d800}", "(?<n>a", "\\3", "(?#", "\\k<n>"})
    EXPECT_THAT(message_of<FormatError>([&] { Regex regex(pattern); }),
                HasSubstr("[tokenizer] regular expression"))
        << pattern;
}

TEST(Regex, ConstructsWithoutCounterpartAreRefusedByName) {
  const auto refusal = [](const std::string& pattern) {
    return message_of<Unsupported>([&] { Regex regex(pattern); });
  };
  EXPECT_THAT(refusal("(?~ab)"), HasSubstr("absent operators"));
  EXPECT_THAT(refusal("(a)\\g<1>"), HasSubstr("subexpression calls"));
  EXPECT_THAT(refusal("\\p{InBasicLatin}"), HasSubstr("{InBasicLatin}"));
  EXPECT_THAT(refusal("\\p{a:b}"), HasSubstr("{a:b}"));
  EXPECT_THAT(refusal("\\cA"), HasSubstr("control and meta escapes"));
  EXPECT_THAT(refusal("\\xe4\\xbd\\xa0"), HasSubstr("single bytes"));
  EXPECT_THAT(refusal(std::string(20'000, 'a')), HasSubstr("20000 bytes"));
}

TEST(Regex, NestingIsBounded) {
  const auto nested = [](int depth) {
    return std::string(depth, '(') + "a" + std::string(depth, ')');
  };
  EXPECT_THAT(matches(nested(99), "a"), ElementsAre("a"));
  EXPECT_THAT(message_of<Unsupported>([&] { Regex regex(nested(100)); }), HasSubstr("nesting"));
  EXPECT_THAT(message_of<Unsupported>([&] { Regex regex(std::string(10'000, '[')); }),
              HasSubstr("nesting"));
}

TEST(Regex, LongRunsAreFine) {
  EXPECT_EQ(spans(R"(\s+(?!\S)|\s+)", std::string(1'000'000, ' ') + "x").size(), 2u);
  EXPECT_EQ(spans(R"(\s*[\r\n]+|\s+(?!\S)|\s+)", std::string(1'000'000, ' ')).size(), 1u);
  EXPECT_EQ(spans(R"([\p{L}&&[^\p{Han}]]+)", std::string(200'000, 'a')).size(), 1u);
  EXPECT_EQ(spans(R"((?:a|b)+)", std::string(200'000, 'a')).size(), 1u);
}

TEST(Regex, CatastrophicBacktrackingEndsInAnError) {
  EXPECT_THAT(
      message_of<Unsupported>([] { spans("(?:a|aa)+$x|(?:a|aa)+y", std::string(3'000, 'a')); }),
      HasSubstr("a text of 3000 bytes takes too long"));
}

TEST(Regex, QuadraticScanningEndsInAnError) {
  EXPECT_THAT(message_of<Unsupported>([] { spans("(?=a*+b)a", std::string(300'000, 'a')); }),
              HasSubstr("a text of 300000 bytes takes too long"));
}

}  // namespace
}  // namespace ashlar::tokenizer
