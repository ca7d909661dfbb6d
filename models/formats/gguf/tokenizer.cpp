// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/tokenizer.h"

#include "models/formats/base64.h"
#include "models/formats/gguf/pre_tokenizer.h"
#include "models/formats/gguf/sentence_pieces.h"
#include "models/formats/tokenizer/vocabulary.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace ashlar::gguf {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kUnit = "gguf";

class TokenizerReader {
public:
  explicit TokenizerReader(const Fields& fields)
      : fields_(fields / "tokenizer.ggml"), kind_(fields_.text("model")) {
    if (!kind_)
      return;
    tokens_ = fields_.texts("tokens");
    if (!tokens_ || std::cmp_greater(tokens_->size(), tokenizer::kMaxTokenCount))
      fields_.fail("tokens", fmt::format("expected up to {} texts", tokenizer::kMaxTokenCount));
    types_ = fields_.integers("token_type", {0, 6}, tokens_->size())
                 .value_or(std::vector<std::int64_t>(tokens_->size(), kNormal));
  }

  std::optional<std::string> read() {
    if (!kind_ || *kind_ == "none")
      return std::nullopt;
    if (*kind_ == "gpt2")
      read_byte_level();
    else if (*kind_ == "llama" || *kind_ == "gemma4")
      read_sentence_pieces();
    else if (*kind_ == "bert")
      read_word_pieces();
    else if (*kind_ == "t5")
      read_unigram();
    else
      throw Unsupported(
          kUnit, "{}: tokenizer {} is not supported: expected gpt2, llama, gemma4, bert or t5",
          fields_.where(), in_quotes(*kind_, 40));
    root_["version"] = "1.0";
    root_["added_tokens"] = added_tokens();
    try {
      return root_.dump();
    } catch (const Json::exception&) {
      throw FormatError(kUnit, "{}: the tokenizer's texts are not valid UTF-8", fields_.where());
    }
  }

private:
  inline static const std::string kBlank = "\u2581", kContinues = "##";
  static constexpr std::int64_t kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4,
                                kUnused = 5, kByte = 6;

  bool is_added(std::size_t id) const {
    return types_[id] == kUnknown || types_[id] == kControl || types_[id] == kUserDefined;
  }

  Json added_tokens() const {
    Json added = Json::array();
    for (std::size_t id = 0; id < tokens_->size(); ++id)
      if (is_added(id))
        added.push_back({{"id", id},
                         {"content", (*tokens_)[id]},
                         {"normalized", false},
                         {"special", types_[id] != kUserDefined}});
    return added;
  }

  Json vocabulary(bool with_added) const {
    Json::object_t vocabulary;
    for (std::size_t id = 0; id < tokens_->size(); ++id) {
      if (types_[id] == kUnused || (is_added(id) && !with_added))
        continue;
      if (!vocabulary.emplace(vocabulary_text(id), id).second)
        throw FormatError(kUnit, "{}: token {} appears twice", fields_.where(),
                          in_quotes((*tokens_)[id], 40));
    }
    return vocabulary;
  }

  // Files mark the beginnings of words, a WordPiece model what goes on with one.
  std::string vocabulary_text(std::size_t id) const {
    const std::string& text = (*tokens_)[id];
    if (*kind_ != "bert" || is_added(id))
      return text;
    return text.starts_with(kBlank) ? text.substr(kBlank.size()) : kContinues + text;
  }

  void read_word_pieces() {
    // Most files say nothing of this, and all readers do it.
    const bool lowercase = fields_.flag("normalizer.lowercase").value_or(true);
    root_["normalizer"] = {
        {"type", "BertNormalizer"},
        {"clean_text", true},
        {"handle_chinese_chars", true},
        {"strip_accents", fields_.flag("normalizer.strip_accents").value_or(lowercase)},
        {"lowercase", lowercase}};
    root_["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
    root_["decoder"] = {{"type", "WordPiece"}, {"prefix", kContinues}, {"cleanup", true}};
    root_["model"] = {{"type", "WordPiece"},
                      {"vocab", vocabulary(true)},
                      {"unk_token", required_token({"unknown_token_id"}).first},
                      {"continuing_subword_prefix", kContinues},
                      {"max_input_chars_per_word", 100}};
    root_["post_processor"] = {
        {"type", "BertProcessing"},
        {"cls", required_token({"cls_token_id", "bos_token_id"})},
        {"sep", required_token({"seperator_token_id", "eos_token_id"})}};  // spelled like this
  }

  // Text and id of the first of the keys that is there.
  std::pair<std::string, std::int64_t>
  required_token(std::initializer_list<std::string_view> keys) const {
    for (const std::string_view key : keys)
      if (const auto text = token(key))
        return {*text, *fields_.integer(key, {0, tokenizer::kMaxTokenCount})};
    fields_.fail(*keys.begin(), "expected a token, got nothing");
  }

  void read_byte_level() {
    const std::string* name = fields_.text("pre");
    const PreTokenizer& cut = find_pre_tokenizer(name ? *name : "gpt-2", fields_.where());
    const Json bytes{
        {"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", cut.pattern.empty()}};
    const Json split{{"type", "Split"},
                     {"pattern", {{"Regex", cut.pattern}}},
                     {"behavior", "Isolated"},
                     {"invert", false}};
    if (cut.normalizes)
      root_["normalizer"] = {{"type", "NFC"}};
    root_["pre_tokenizer"] =
        cut.pattern.empty()
            ? bytes
            : Json{{"type", "Sequence"}, {"pretokenizers", Json::array({split, bytes})}};
    root_["decoder"] = {{"type", "ByteLevel"}};
    root_["model"] = {{"type", "BPE"},
                      {"vocab", vocabulary(false)},
                      {"merges", stored_merges()},
                      {"ignore_merges", cut.ignores_merges}};
    add_frame(cut.adds_bos);
  }

  void read_sentence_pieces() {
    const bool has_merges = *kind_ == "gemma4";
    const bool prepends = fields_.flag("add_space_prefix").value_or(!has_merges);
    const Json to_blank{{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kBlank}};
    const Json to_space{{"type", "Replace"}, {"pattern", {{"String", kBlank}}}, {"content", " "}};
    Json normalizers = Json::array({to_blank}),
         decoders = Json::array({to_space, {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
    if (prepends) {
      normalizers.insert(normalizers.begin(), Json{{"type", "Prepend"}, {"prepend", kBlank}});
      decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
    }
    root_["normalizer"] = {{"type", "Sequence"}, {"normalizers", normalizers}};
    root_["decoder"] = {{"type", "Sequence"}, {"decoders", decoders}};
    root_["model"] = {{"type", "BPE"},
                      {"vocab", vocabulary(true)},
                      {"merges", has_merges ? Json(stored_merges()) : piece_merges()},
                      {"byte_fallback", true},
                      {"fuse_unk", true}};
    if (const auto unknown = token("unknown_token_id"))
      root_["model"]["unk_token"] = *unknown;
    add_frame(true);
  }

  void read_unigram() {
    const std::vector<float>& scores = stored_scores();
    if (!std::ranges::all_of(scores, [](float score) { return std::isfinite(score); }))
      fields_.fail("scores", "expected finite numbers");
    const bool prepends = fields_.flag("add_space_prefix").value_or(true),
               removes = fields_.flag("remove_extra_whitespaces").value_or(false);
    Json normalizers = Json::array(), pieces = Json::array();
    const Json blank{{"type", "Metaspace"},
                     {"replacement", kBlank},
                     {"prepend_scheme", prepends ? "always" : "never"},
                     {"split", true}};
    if (const auto map = fields_.bytes("precompiled_charsmap"); map && !map->empty())
      normalizers.push_back(
          {{"type", "Precompiled"}, {"precompiled_charsmap", encode_base64(*map)}});
    if (removes && prepends) {
      root_["pre_tokenizer"] = {
          {"type", "Sequence"},
          {"pretokenizers", Json::array({{{"type", "WhitespaceSplit"}}, blank})}};
    } else {
      const auto replace = [&](const char* kind, const char* pattern, const std::string& content) {
        normalizers.push_back(
            {{"type", "Replace"}, {"pattern", {{kind, pattern}}}, {"content", content}});
      };
      if (removes) {
        normalizers.push_back({{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}});
        replace("Regex", " {2,}", " ");
      }
      if (prepends)
        normalizers.push_back({{"type", "Prepend"}, {"prepend", kBlank}});
      replace("String", " ", kBlank);
    }
    for (std::size_t id = 0; id < tokens_->size(); ++id)
      pieces.push_back({(*tokens_)[id], scores[id]});
    const bool has_bytes = std::ranges::find(types_, kByte) != types_.end();
    root_["normalizer"] = {{"type", "Sequence"}, {"normalizers", normalizers}};
    root_["decoder"] = blank;
    if (has_bytes)
      root_["decoder"] = {{"type", "Sequence"},
                          {"decoders", Json::array({{{"type", "ByteFallback"}}, blank})}};
    root_["model"] = {{"type", "Unigram"}, {"vocab", pieces}, {"byte_fallback", has_bytes}};
    if (const auto unknown = fields_.integer("unknown_token_id", {0, tokenizer::kMaxTokenCount}))
      root_["model"]["unk_id"] = *unknown;
    add_frame(false, true);
  }

  const std::vector<float>& stored_scores() const {
    const std::vector<float>* scores = fields_.floats("scores");
    if (!scores || scores->size() != tokens_->size())
      fields_.fail("scores", fmt::format("expected {} scores", tokens_->size()));
    return *scores;
  }

  const std::vector<std::string>& stored_merges() const {
    const std::vector<std::string>* merges = fields_.texts("merges");
    if (!merges)
      fields_.fail("merges", "expected an array of texts, got nothing");
    return *merges;
  }

  Json piece_merges() const {
    const std::vector<float>& scores = stored_scores();
    std::vector<ScoredPiece> pieces;
    for (std::size_t id = 0; id < tokens_->size(); ++id)
      if (types_[id] == kNormal || types_[id] == kUserDefined)
        pieces.push_back({(*tokens_)[id], scores[id]});
    Json merges = Json::array();
    for (const PieceMerge& merge : merges_of_pieces(pieces, fields_.where()))
      merges.push_back({merge.left, merge.right});
    return merges;
  }

  // The token that the key numbers.
  std::optional<std::string> token(std::string_view key) const {
    const auto id = fields_.integer(key, {0, tokenizer::kMaxTokenCount});
    if (!id)
      return std::nullopt;
    if (std::cmp_greater_equal(*id, tokens_->size()))
      fields_.fail(key, fmt::format("expected one of {} tokens, got {}", tokens_->size(), *id));
    return (*tokens_)[static_cast<std::size_t>(*id)];
  }

  // The tokens that stand before and after every text, and between two.
  void add_frame(bool adds_bos, bool adds_eos = false) {
    Json single = Json::array(), pair = Json::array(), tokens = Json::object();
    const auto add = [&](Json& list, std::string_view flag, std::string_view key, bool fallback) {
      if (!fields_.flag(flag).value_or(fallback))
        return;
      const auto text = token(key);
      if (!text)
        return;
      list.push_back({{"SpecialToken", {{"id", *text}, {"type_id", 0}}}});
      tokens[*text] = {{"id", *text},
                       {"ids", {*fields_.integer(key, {0, tokenizer::kMaxTokenCount})}},
                       {"tokens", {*text}}};
    };
    const auto add_text = [](Json& list, const char* id) {
      list.push_back({{"Sequence", {{"id", id}, {"type_id", 0}}}});
    };
    add(single, "add_bos_token", "bos_token_id", adds_bos);
    add_text(single, "A");
    add(single, "add_eos_token", "eos_token_id", adds_eos);
    pair = single;
    const bool has_separator = fields_.contains("seperator_token_id");  // spelled like this
    add(pair, "add_sep_token", has_separator ? "seperator_token_id" : "eos_token_id",
        has_separator && pair.size() == 3);
    add_text(pair, "B");
    add(pair, "add_eos_token", "eos_token_id", adds_eos);
    root_["post_processor"] = {{"type", "TemplateProcessing"},
                               {"single", single},
                               {"pair", pair},
                               {"special_tokens", tokens}};
  }

  Fields fields_;
  const std::string* kind_;
  const std::vector<std::string>* tokens_ = nullptr;
  std::vector<std::int64_t> types_;
  Json root_;
};

}  // namespace

std::optional<std::string> tokenizer_json(const Fields& fields) {
  if (const std::string* own = fields.text("tokenizer.huggingface.json"))
    return *own;
  return TokenizerReader(fields).read();
}

std::optional<std::string> chat_template(const Fields& fields, bool has_tools) {
  const std::string* source = has_tools ? fields.text("tokenizer.chat_template.tool_use") : nullptr;
  if (!source)
    source = fields.text("tokenizer.chat_template");
  return source ? std::optional(*source) : std::nullopt;
}

std::map<std::string, std::string> special_tokens(const Fields& fields) {
  const Fields ggml = fields / "tokenizer.ggml";
  const std::vector<std::string>* tokens = ggml.texts("tokens");
  std::map<std::string, std::string> special;
  for (const auto& [name, key] : {std::pair("bos_token", "bos_token_id"),
                                  {"eos_token", "eos_token_id"},
                                  {"unk_token", "unknown_token_id"},
                                  {"pad_token", "padding_token_id"}}) {
    const auto id = ggml.integer(key, {0, tokenizer::kMaxTokenCount});
    if (id && tokens && std::cmp_less(*id, tokens->size()))
      special[name] = (*tokens)[static_cast<std::size_t>(*id)];
  }
  return special;
}

}  // namespace ashlar::gguf
