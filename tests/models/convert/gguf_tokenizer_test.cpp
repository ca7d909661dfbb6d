// SPDX-License-Identifier: Apache-2.0
// Tokenizers out of the vocabularies of GGUF files alone, against ids of the reference library.
#include "models/convert/gguf_tokenizer.h"

#include "models/formats/gguf/tokenizer.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "models/generate/encoder_source.h"
#include "models/generate/model_files.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <fstream>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;
using nlohmann::json;
using test::message_of;
using testing::HasSubstr;

json read(const fs::path& path) {
  return json::parse(std::ifstream(path));
}

fs::path folder_of(const std::string& name) {
  return fs::path(ASHLAR_TEST_DATA) / "tokenizers" / name;
}

// A model folder with the tokenizer `name`; its first added token that a text starts with is the
// beginning of texts.
gguf::Metadata metadata_of(const std::string& name, const test::TemporaryFolder& folder) {
  const fs::path golden = fs::path(ASHLAR_TEST_DATA) / "goldens/families/llama";
  json config = read(golden / "config.json");
  const Ids frame = Tokenizer::from_file(folder_of(name) / "tokenizer.json").encode("", true);
  config["bos_token_id"] = frame.empty() ? json() : json(frame.front());
  std::ofstream(folder.path() / "config.json") << config;
  fs::copy_file(golden / "model.safetensors", folder.path() / "model.safetensors");
  fs::copy_file(folder_of(name) / "tokenizer.json", folder.path() / "tokenizer.json");
  gguf::Metadata metadata;
  add_gguf_tokenizer(ModelFiles::open(folder.path()), metadata);
  return metadata;
}

class GgufTokenizerTest : public testing::TestWithParam<std::string> {
protected:
  test::TemporaryFolder folder_;
  gguf::Metadata metadata_ = metadata_of(GetParam(), folder_);
};

TEST_P(GgufTokenizerTest, KeepsTheOriginal) {
  EXPECT_EQ(gguf::tokenizer_json(gguf::Fields(metadata_, "f")),
            test::read_bytes(folder_of(GetParam()) / "tokenizer.json"));
}

TEST_P(GgufTokenizerTest, EncodesAndDecodesByTheVocabularyAlone) {
  metadata_.erase("tokenizer.huggingface.json");
  const auto tokenizer = Tokenizer::from_json(*gguf::tokenizer_json(gguf::Fields(metadata_, "f")));
  for (const json& sample : read(folder_of(GetParam()) / "cases.json")) {
    const std::string text = sample["text"];
    EXPECT_EQ(tokenizer.encode(text, true), sample["ids"].get<Ids>()) << text;
    EXPECT_EQ(tokenizer.encode(text, false), sample["ids_no_special"].get<Ids>()) << text;
    EXPECT_EQ(tokenizer.decode(sample["ids"].get<Ids>(), true),
              sample["decoded_skip_special"].get<std::string>());
  }
}

INSTANTIATE_TEST_SUITE_P(Families, GgufTokenizerTest,
                         testing::Values("gpt2", "llama2", "llama3", "gemma", "qwen2", "unigram"),
                         [](const auto& info) { return info.param; });

// Gemma 4's kind keeps its merges and needs no scores.
TEST(Gemma4Tokenizer, EncodesByItsMerges) {
  const test::TemporaryFolder folder;
  const fs::path golden = fs::path(ASHLAR_TEST_DATA) / "goldens/families/gemma4_dense";
  for (const char* name : {"config.json", "model.safetensors"})
    fs::copy_file(golden / name, folder.path() / name);
  fs::copy_file(folder_of("gemma") / "tokenizer.json", folder.path() / "tokenizer.json");
  gguf::Metadata metadata;
  add_gguf_tokenizer(ModelFiles::open(folder.path()), metadata);
  EXPECT_EQ(std::get<std::string>(metadata.at("tokenizer.ggml.model")), "gemma4");
  metadata.erase("tokenizer.huggingface.json");
  metadata.erase("tokenizer.ggml.scores");
  const auto tokenizer = Tokenizer::from_json(*gguf::tokenizer_json(gguf::Fields(metadata, "f")));
  for (const json& sample : read(folder_of("gemma") / "cases.json"))
    EXPECT_EQ(tokenizer.encode(sample["text"].get<std::string>(), false),
              sample["ids_no_special"].get<Ids>());
  metadata.erase("tokenizer.ggml.merges");
  EXPECT_THAT(message_of<FormatError>([&] { gguf::tokenizer_json(gguf::Fields(metadata, "f")); }),
              HasSubstr("merges"));
}

// Files have BERT's vocabulary with the beginnings of words marked.
TEST(WordPieceTokenizer, HasTheIdsOfTheOriginal) {
  const json original = read(folder_of("bert") / "tokenizer.json");
  const auto& vocabulary = original["model"]["vocab"];
  std::vector<std::string> tokens(vocabulary.size());
  std::vector<std::int32_t> types(vocabulary.size(), 1);
  for (const auto& [text, id] : vocabulary.items())
    tokens[id.get<std::size_t>()] = text.starts_with("##") ? text.substr(2) : "\u2581" + text;
  for (const json& added : original["added_tokens"]) {
    tokens[added["id"].get<std::size_t>()] = added["content"];
    types[added["id"].get<std::size_t>()] = 3;
  }
  gguf::Metadata metadata{{"tokenizer.ggml.model", std::string("bert")},
                          {"tokenizer.ggml.tokens", gguf::Array(std::move(tokens))},
                          {"tokenizer.ggml.token_type", gguf::Array(std::move(types))},
                          {"tokenizer.ggml.unknown_token_id", std::uint32_t{1}},
                          {"tokenizer.ggml.bos_token_id", std::uint32_t{2}},
                          {"tokenizer.ggml.seperator_token_id", std::uint32_t{3}}};
  const auto text_of = [&] { return gguf::tokenizer_json(gguf::Fields(metadata, "f")); };
  const auto tokenizer = Tokenizer::from_json(*text_of());
  for (const json& sample : read(folder_of("bert") / "cases.json")) {
    const std::string text = sample["text"];
    EXPECT_EQ(tokenizer.encode(text, true), sample["ids"].get<Ids>()) << text;
    EXPECT_EQ(tokenizer.decode(sample["ids"].get<Ids>(), true),
              sample["decoded_skip_special"].get<std::string>());
  }
  EXPECT_EQ(tokenizer.encode_pair("a", "b", true).type_ids.back(), 1);
  metadata.erase("tokenizer.ggml.seperator_token_id");
  EXPECT_THAT(message_of<FormatError>(text_of), HasSubstr("seperator_token_id"));
}

// An encoder's folder with the tokenizer `name`.
gguf::Metadata encoder_metadata_of(const std::string& name, const test::TemporaryFolder& folder) {
  const fs::path golden = fs::path(ASHLAR_TEST_DATA) / "goldens/encoders/bert";
  for (const char* file : {"config.json", "model.safetensors"})
    fs::copy_file(golden / file, folder.path() / file);
  fs::copy_file(folder_of(name) / "tokenizer.json", folder.path() / "tokenizer.json");
  gguf::Metadata metadata;
  add_gguf_tokenizer(*open_encoder(folder.path()), metadata);
  return metadata;
}

TEST(EncoderTokenizer, IsReadFromItsVocabulary) {
  for (const std::string name : {"bert", "unigram"}) {
    const test::TemporaryFolder folder;
    gguf::Metadata metadata = encoder_metadata_of(name, folder);
    EXPECT_EQ(std::get<std::string>(metadata.at("tokenizer.ggml.model")),
              name == "bert" ? "bert" : "t5");
    EXPECT_EQ(metadata.erase("tokenizer.huggingface.json"), 1u);
    const auto original = Tokenizer::from_file(folder_of(name) / "tokenizer.json");
    const auto tokenizer = Tokenizer::from_json(*gguf::tokenizer_json(gguf::Fields(metadata, "f")));
    for (const json& sample : read(folder_of(name) / "cases.json")) {
      const std::string text = sample["text"];
      EXPECT_EQ(tokenizer.encode(text, true), sample["ids"].get<Ids>()) << text;
      const EncodedPair pair = tokenizer.encode_pair(text, "the", true);
      EXPECT_EQ(pair.ids, sample.contains("pair") ? sample["pair"].get<Ids>()
                                                  : original.encode_pair(text, "the", true).ids);
      EXPECT_EQ(tokenizer.decode(sample["ids"].get<Ids>(), true),
                sample["decoded_skip_special"].get<std::string>());
    }
  }
}

// BERT's cased models say so in a key that older files lack.
TEST(EncoderTokenizer, KeepsCaseWhereTheModelDoes) {
  const test::TemporaryFolder folder;
  gguf::Metadata metadata = encoder_metadata_of("bert", folder);
  metadata.erase("tokenizer.huggingface.json");
  const auto normalizer = [&] {
    return json::parse(*gguf::tokenizer_json(gguf::Fields(metadata, "f")))["normalizer"];
  };
  EXPECT_EQ(normalizer()["lowercase"], true);
  metadata["tokenizer.ggml.normalizer.lowercase"] = false;
  metadata["tokenizer.ggml.normalizer.strip_accents"] = false;
  EXPECT_EQ(normalizer()["lowercase"], false);
  EXPECT_EQ(normalizer()["strip_accents"], false);
}

gguf::Metadata unigram_pieces(std::vector<std::string> tokens, std::vector<float> scores) {
  return {{"tokenizer.ggml.model", std::string("t5")},
          {"tokenizer.ggml.tokens", gguf::Array(std::move(tokens))},
          {"tokenizer.ggml.scores", gguf::Array(std::move(scores))},
          {"tokenizer.ggml.unknown_token_id", std::uint32_t{0}}};
}

TEST(UnigramOfGguf, KeepsSpacesUnlessTheFileRemovesThem) {
  gguf::Metadata metadata =
      unigram_pieces({"<unk>", "\u2581", "a", "\u2581a", "</s>"}, {0, -2, -3, -4, 0});
  metadata["tokenizer.ggml.token_type"] = gguf::Array(std::vector<std::int32_t>{2, 1, 1, 1, 3});
  const auto ids = [&](std::string_view text) {
    return Tokenizer::from_json(*gguf::tokenizer_json(gguf::Fields(metadata, "f")))
        .encode(text, true);
  };
  EXPECT_EQ(ids(" a  a"), (Ids{1, 3, 1, 3}));
  metadata["tokenizer.ggml.remove_extra_whitespaces"] = true;
  EXPECT_EQ(ids(" a  a "), (Ids{3, 3}));
  metadata["tokenizer.ggml.add_space_prefix"] = false;
  EXPECT_EQ(ids(" a  a "), (Ids{2, 3}));
  metadata["tokenizer.ggml.remove_extra_whitespaces"] = false;
  EXPECT_EQ(ids("a  ax"), (Ids{2, 1, 3, 0}));
  // Ends of texts are added unless the file says otherwise.
  metadata["tokenizer.ggml.eos_token_id"] = std::uint32_t{4};
  EXPECT_EQ(ids("a"), (Ids{2, 4}));
  metadata["tokenizer.ggml.add_eos_token"] = false;
  EXPECT_EQ(ids("a"), Ids{2});
}

TEST(UnigramOfGguf, RefusesBrokenOnes) {
  const auto error = [](const gguf::Metadata& metadata) {
    return message_of<FormatError>(
        [&] { Tokenizer::from_json(gguf::tokenizer_json(gguf::Fields(metadata, "f")).value()); });
  };
  EXPECT_THAT(error(unigram_pieces({"<unk>", "a"}, {0})), HasSubstr("expected 2 scores"));
  EXPECT_THAT(error(unigram_pieces({"<unk>", "a"}, {0, std::numeric_limits<float>::infinity()})),
              HasSubstr("expected finite numbers"));
  gguf::Metadata metadata = unigram_pieces({"<unk>", "a"}, {0, -1});
  metadata["tokenizer.ggml.unknown_token_id"] = std::uint32_t{2};
  EXPECT_THAT(error(metadata), HasSubstr("unk_id"));
  metadata = unigram_pieces({"<unk>", "a"}, {0, -1});
  metadata["tokenizer.ggml.precompiled_charsmap"] = gguf::Array(std::vector<std::int32_t>{1});
  EXPECT_THAT(error(metadata), HasSubstr("expected an array of bytes"));
  metadata["tokenizer.ggml.precompiled_charsmap"] = gguf::Array(std::vector<std::int8_t>{4, 0});
  EXPECT_THAT(error(metadata), HasSubstr("the length of the trie is missing"));
}

class BrokenTokenizerTest : public testing::Test {
protected:
  BrokenTokenizerTest() { metadata_.erase("tokenizer.huggingface.json"); }

  template <typename Expected, typename T> std::string error_with(const char* key, T value) {
    gguf::Metadata changed = metadata_;
    changed[std::string("tokenizer.ggml.") + key] = value;
    return message_of<Expected>([&] { gguf::tokenizer_json(gguf::Fields(changed, "f")); });
  }

  test::TemporaryFolder folder_;
  gguf::Metadata metadata_ = metadata_of("llama2", folder_);
};

TEST_F(BrokenTokenizerTest, NamesTheKey) {
  const auto texts = [](std::vector<std::string> list) { return gguf::Array(std::move(list)); };
  EXPECT_THAT(error_with<Unsupported>("model", std::string("rwkv")),
              HasSubstr("tokenizer \"rwkv\" is not supported"));
  EXPECT_THAT(error_with<FormatError>("tokens", std::uint32_t{1}), HasSubstr("array of texts"));
  EXPECT_THAT(error_with<FormatError>("tokens", texts({"a"})), HasSubstr("token_type"));
  EXPECT_THAT(error_with<FormatError>("token_type", gguf::Array(std::vector<std::int32_t>{7})),
              HasSubstr("token_type"));
  EXPECT_THAT(error_with<FormatError>("scores", gguf::Array(std::vector<float>{1})),
              HasSubstr("expected 1800 scores"));
  EXPECT_THAT(error_with<FormatError>("bos_token_id", std::uint32_t{1u << 20}),
              HasSubstr("expected one of 1800 tokens, got 1048576"));
  EXPECT_THAT(error_with<FormatError>("bos_token_id", std::int32_t{-1}), HasSubstr("integers"));
  metadata_["tokenizer.ggml.model"] = std::string("gpt2");
  EXPECT_THAT(error_with<Unsupported>("pre", std::string("odd")),
              HasSubstr("pre-tokenizer \"odd\" is not supported: expected one of gpt-2"));
  EXPECT_THAT(error_with<FormatError>("pre", std::string("gpt-2")),
              HasSubstr("metadata \"tokenizer.ggml.merges\""));
}

gguf::Metadata pieces(std::vector<std::string> tokens, std::vector<float> scores) {
  return {{"tokenizer.ggml.model", std::string("llama")},
          {"tokenizer.ggml.tokens", gguf::Array(std::move(tokens))},
          {"tokenizer.ggml.scores", gguf::Array(std::move(scores))}};
}

std::string error_of(const gguf::Metadata& metadata) {
  return message_of<FormatError>([&] { gguf::tokenizer_json(gguf::Fields(metadata, "f")); });
}

TEST(SentencePieces, JoinTheHighestScoreFirst) {
  gguf::Metadata metadata = pieces({"a", "b", "c", "ab", "bc", "abc"}, {0, 0, 0, -2, -1, -3});
  metadata["tokenizer.ggml.add_space_prefix"] = false;
  metadata["tokenizer.ggml.add_bos_token"] = false;
  const auto tokenizer = Tokenizer::from_json(*gguf::tokenizer_json(gguf::Fields(metadata, "f")));
  EXPECT_EQ(tokenizer.encode("ab", true), Ids{3});
  EXPECT_EQ(tokenizer.encode("abc", true), Ids{5});  // bc, then a with it
  EXPECT_EQ(tokenizer.encode("abcab", true), (Ids{5, 3}));
}

TEST(SentencePieces, RefuseVocabulariesMadeToTakeLong) {
  EXPECT_THAT(error_of(pieces({std::string(257, 'a')}, {0})), HasSubstr("at most 256 bytes"));
  EXPECT_THAT(error_of(pieces({"a"}, {std::numeric_limits<float>::quiet_NaN()})),
              HasSubstr("with a score"));
  EXPECT_THAT(error_of(pieces({"a", "a"}, {0, 0})), HasSubstr("token \"a\" appears twice"));
  EXPECT_THAT(error_of(pieces({"\xff"}, {0})), HasSubstr("not valid UTF-8"));
  // Each of them can be cut everywhere.
  std::vector<std::string> tokens;
  for (char letter = 'a'; letter <= 'z'; ++letter)
    for (std::size_t length = 1; length <= 256; ++length)
      tokens.emplace_back(length, letter);
  std::vector<float> scores(tokens.size());
  EXPECT_THAT(error_of(pieces(std::move(tokens), std::move(scores))), HasSubstr("too many ways"));
}

}  // namespace
}  // namespace ashlar
