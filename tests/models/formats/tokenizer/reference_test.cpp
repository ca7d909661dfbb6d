// SPDX-License-Identifier: Apache-2.0
// Ids and texts recorded from the reference library: see tests/data/make_tokenizer_cases.py.
#include "models/formats/tokenizer/streaming_detokenizer.h"
#include "models/formats/tokenizer/utf8.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

#include <cstddef>
#include <vector>

namespace ashlar::test {
namespace {

using Ids = std::vector<std::int32_t>;

std::string streamed(StreamingDetokenizer& stream, const Ids& ids) {
  std::string text;
  for (const auto id : ids) {
    const std::string piece = stream.push(id);
    EXPECT_FALSE(tokenizer::find_invalid_utf8(piece)) << "half a character after id " << id;
    text += piece;
  }
  return text + stream.flush();
}

// decode() of `ids`, and the same through one detokenizer used for several texts.
void expect_decoded(const Tokenizer& tokenizer, const Ids& ids, bool skip_special,
                    const std::string& text) {
  EXPECT_EQ(tokenizer.decode(ids, skip_special), text);
  StreamingDetokenizer stream(tokenizer, skip_special);
  EXPECT_EQ(streamed(stream, ids), text);
  EXPECT_EQ(streamed(stream, ids), text) << "second text of one stream";
}

class FamilyTest : public testing::TestWithParam<std::string> {
protected:
  Tokenizer tokenizer_ = Tokenizer::from_file(std::string(ASHLAR_TEST_DATA) + "/tokenizers/" +
                                              GetParam() + "/tokenizer.json");
  Json cases_ = read_json(GetParam() + "/cases.json");
};

TEST_P(FamilyTest, EncodesLikeTheReference) {
  ASSERT_GT(cases_.size(), 20u);
  for (const auto& sample : cases_) {
    const std::string text = sample["text"];
    EXPECT_EQ(tokenizer_.encode(text, true), sample["ids"].get<Ids>()) << text;
    EXPECT_EQ(tokenizer_.encode(text, false), sample["ids_no_special"].get<Ids>()) << text;
  }
}

TEST_P(FamilyTest, DecodesLikeTheReference) {
  for (const auto& sample : cases_) {
    const Ids ids = sample["ids_no_special"];
    expect_decoded(tokenizer_, ids, false, sample["decoded"]);
    expect_decoded(tokenizer_, ids, true, sample["decoded_skip_special"]);
    expect_decoded(tokenizer_, sample["ids"], true, sample["decoded_skip_special"]);
  }
}

// Cutting the ids anywhere loses nothing but the context at the cut.
TEST_P(FamilyTest, StreamsAnyPrefix) {
  for (const auto& sample : cases_) {
    const Ids ids = sample["ids"];
    StreamingDetokenizer whole(tokenizer_, true);
    std::string text;
    for (std::size_t count = 1; count <= ids.size(); ++count) {
      text += whole.push(ids[count - 1]);
      StreamingDetokenizer prefix(tokenizer_, true);
      const std::string decoded = streamed(prefix, Ids(ids.begin(), ids.begin() + count));
      ASSERT_EQ(decoded, tokenizer_.decode(Ids(ids.begin(), ids.begin() + count), true));
      ASSERT_TRUE(decoded.starts_with(text)) << "text that was emitted too early: " << text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, FamilyTest,
                         testing::Values("bert", "gpt2", "llama2", "llama3", "gemma", "qwen2"),
                         [](const auto& info) { return info.param; });

TEST(Components, MatchTheReference) {
  const Json data = read_json("components.json");
  ASSERT_GT(data["groups"].size(), 100u);
  for (const auto& group : data["groups"]) {
    SCOPED_TRACE(group["name"]);
    Json description = group["tokenizer"];
    description["model"] = data["models"][group["model"].get<std::string>()];
    const Tokenizer tokenizer = load(description);
    for (const auto& sample : group["encode"]) {
      SCOPED_TRACE(sample.dump());
      const std::string text = sample["text"];
      const bool special = sample["special"];
      if (!sample.contains("pair")) {
        EXPECT_EQ(tokenizer.encode(text, special), sample["ids"].get<Ids>());
        continue;
      }
      const EncodedPair pair =
          tokenizer.encode_pair(text, sample["pair"].get<std::string>(), special);
      EXPECT_EQ(pair.ids, sample["ids"].get<Ids>());
      EXPECT_EQ(pair.type_ids, sample["types"].get<Ids>());
    }
    for (const auto& sample : group["decode"]) {
      SCOPED_TRACE(sample.dump());
      expect_decoded(tokenizer, sample["ids"], false, sample["decoded"]);
      expect_decoded(tokenizer, sample["ids"], true, sample["decoded_skip_special"]);
    }
  }
}

}  // namespace
}  // namespace ashlar::test
