// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/tokenizer.h"

#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace ashlar::test {
namespace {

using testing::HasSubstr;

TEST(Tokenizer, NamesTheFileInItsErrors) {
  EXPECT_THAT(message_of<IoError>([] { Tokenizer::from_file("/nonexistent/tokenizer.json"); }),
              HasSubstr("cannot open \"/nonexistent/tokenizer.json\""));
  EXPECT_THAT(
      message_of<IoError>([] { Tokenizer::from_file(std::filesystem::temp_directory_path()); }),
      HasSubstr("not a regular file"));
  EXPECT_THAT(message_of<FormatError>([] { Tokenizer::from_json("{}", "some/file.json"); }),
              HasSubstr("[tokenizer] some/file.json: \"model\" is missing"));
}

TEST(Tokenizer, RejectsWhatIsNotJson) {
  const auto error = [](std::string_view text) {
    return message_of<FormatError>([&] { Tokenizer::from_json(text); });
  };
  EXPECT_THAT(error(""), HasSubstr("tokenizer.json is not valid JSON near byte"));
  EXPECT_THAT(error("{\"model\": "), HasSubstr("not valid JSON near byte 11"));
  EXPECT_THAT(error("{\"model\": 1, \"model\": 2}"), HasSubstr("\"model\" appears twice"));
  EXPECT_THAT(error("[]"), HasSubstr("expected an object, got array"));
  EXPECT_THAT(error(std::string(100'000, '[')), HasSubstr("at most 64 levels"));
}

TEST(Tokenizer, RefusesOtherVersions) {
  Json description = byte_description();
  description["version"] = "2.0";
  EXPECT_THAT(load_error<Unsupported>(description),
              HasSubstr("tokenizer.json.version: only version 1.0 is supported, got \"2.0\""));
  description.erase("version");
  EXPECT_EQ(shown(load(description), "a"), "a|");
}

TEST(Tokenizer, RefusesOtherModels) {
  EXPECT_THAT(load_error<Unsupported>({{"model", {{"type", "Other"}, {"vocab", Json::object()}}}}),
              HasSubstr("the model \"Other\" is not supported"));
  EXPECT_THAT(load_error<Unsupported>({{"model", {{"vocab", Json::object()}}}}),
              HasSubstr("\"without type\""));
}

TEST(Tokenizer, RejectsTextThatIsNotUtf8) {
  const Tokenizer tokenizer = load(byte_description());
  EXPECT_THAT(message_of<InvalidArgument>([&] { tokenizer.encode("ab\xFFz", true); }),
              HasSubstr("not valid UTF-8: byte 0xff at offset 2"));
  EXPECT_THAT(
      message_of<InvalidArgument>([&] { tokenizer.encode_pair("ab", "\xED\xA0\x80", true); }),
      HasSubstr("byte 0xed at offset 0"));
}

TEST(Tokenizer, TextWithNulBytes) {
  const Tokenizer tokenizer = load(byte_description());
  EXPECT_EQ(tokenizer.encode(std::string_view("a\0b", 3), true),
            (std::vector<std::int32_t>{'a', 0, 'b', '|'}));
}

TEST(Tokenizer, SentencePieceMarksEveryStretchBetweenTokens) {
  Json description = byte_description();
  description["normalizer"] = {{"type", "Prepend"}, {"prepend", "_"}};
  description["added_tokens"] = {{{"id", 300}, {"content", "<s>"}, {"special", true}}};
  EXPECT_EQ(shown(load(description), "a<s>b<s>"), "_a|{300}_b|{300}");
}

TEST(Tokenizer, PathologicalTextsTakeLittleTime) {
  for (const std::string name : {"gpt2", "llama2", "llama3", "gemma", "qwen2"}) {
    const Tokenizer tokenizer = Tokenizer::from_file(std::string(ASHLAR_TEST_DATA) +
                                                     "/tokenizers/" + name + "/tokenizer.json");
    for (const std::string& text :
         {std::string(10'000, 'A'), std::string(1'000'000, '^'), std::string(100'000, ' '),
          std::string(100'000, '\n'), std::string(300'000, '1')}) {
      const auto ids = tokenizer.encode(text, false);
      EXPECT_EQ(tokenizer.decode(ids, true), text) << name << " " << text[0];
    }
  }
}

TEST(Tokenizer, ServesSeveralThreads) {
  const Tokenizer tokenizer =
      Tokenizer::from_file(std::string(ASHLAR_TEST_DATA) + "/tokenizers/llama3/tokenizer.json");
  const std::string text = "One text, 123 threads\xE2\x80\xA6 <|eot_id|> and some more.\n";
  const auto ids = tokenizer.encode(text, true);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, copy = tokenizer] {
      for (int round = 0; round < 50; ++round) {
        EXPECT_EQ(copy.encode(text, true), ids);
        EXPECT_EQ(tokenizer.decode(ids, false), "<|begin_of_text|>" + text);
      }
    });
  for (auto& thread : threads)
    thread.join();
}

// A file of all kinds of parts, for the tests that damage it.
std::string whole_description() {
  return R"({"version":"1.0","added_tokens":[{"id":9,"content":"<s>","single_word":true,)"
         R"("lstrip":true,"rstrip":false,"normalized":false,"special":true}],"normalizer":)"
         R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":)"
         R"({"String":" "},"content":"_"}]},"pre_tokenizer":{"type":"Split","pattern":{"Regex":)"
         R"("\\w+|[^\\w\\s]{1,3}"},"behavior":"Isolated","invert":false},"post_processor":)"
         R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},)"
         R"({"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[9],)"
         R"("tokens":["<s>"]}}},"decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},)"
         R"({"type":"Fuse"},{"type":"Strip","content":"_","start":1,"stop":0}]},"model":)"
         R"({"type":"BPE","unk_token":"u","fuse_unk":true,"byte_fallback":true,"vocab":{"u":0,)"
         R"("a":1,"b":2,"_":3,"ab":4,"_a":5,"<0x41>":6},"merges":["a b",["_","a"]]}})";
}

TEST(Tokenizer, RepeatedKeysAreRejected) {
  std::string text = whole_description();
  text.replace(text.find(R"("b":2)"), 5, R"("a":2)");
  EXPECT_THAT(message_of<FormatError>([&] { Tokenizer::from_json(text); }),
              testing::HasSubstr("key \"a\" appears twice in one object"));
}

// Either works or ends in a typed error; returns whether it worked.
bool survives(const std::string& text) {
  try {
    const Tokenizer tokenizer = Tokenizer::from_json(text);
    tokenizer.decode(tokenizer.encode("ab a<s>A\xC3\xA9!", true), false);
    return true;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::ContainsRegex("^\\[(tokenizer|json)\\] ."));
    EXPECT_LT(std::string_view(error.what()).size(), 400u);
    return false;
  }
}

TEST(Tokenizer, EveryTruncationIsRejected) {
  const std::string text = whole_description();
  EXPECT_TRUE(survives(text));
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(survives(text.substr(0, size))) << size;
}

TEST(Tokenizer, EveryBitFlipWorksOrIsRejected) {
  std::string text = whole_description();
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      text[i] = static_cast<char>(text[i] ^ (1 << bit));
      survives(text);
      text[i] = static_cast<char>(text[i] ^ (1 << bit));
    }
}

// Every value inside `value`, itself included.
std::vector<Json::json_pointer> places(const Json& value,
                                       const Json::json_pointer& at = Json::json_pointer()) {
  std::vector<Json::json_pointer> result = {at};
  const auto add = [&](const Json& child, const auto& key) {
    for (const auto& place : places(child, at / key))
      result.push_back(place);
  };
  if (value.is_object())
    for (const auto& [key, child] : value.items())
      add(child, key);
  if (value.is_array())
    for (std::size_t i = 0; i < value.size(); ++i)
      add(value[i], i);
  return result;
}

TEST(Tokenizer, AnyValueMayBeMissingOrOfAnotherType) {
  const Json whole = Json::parse(whole_description());
  for (const auto& place : places(whole)) {
    Json changed = whole;
    for (const Json& other :
         {Json(nullptr), Json(-1), Json(1e300), Json("x"), Json(""), Json("("), Json(true),
          Json::array(), Json::object(), Json(9'007'199'254'740'993)}) {
      changed[place] = other;
      survives(changed.dump());
    }
    changed = whole;
    if (Json& parent = changed[place.parent_pointer()]; !place.empty() && parent.is_object()) {
      parent.erase(place.back());
      survives(changed.dump());
    }
  }
}

}  // namespace
}  // namespace ashlar::test
