// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/post_processor.h"

#include "models/formats/tokenizer/vocabulary.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <array>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace ashlar::tokenizer {
namespace {

std::int32_t parse_id(const JsonNode& node) {
  return static_cast<std::int32_t>(node.as_index(kMaxTokenCount));
}

// Trims offsets in the reference, which this library does not keep.
class KeepAll : public PostProcessor {
public:
  std::vector<IdRun> apply(std::vector<IdRun> runs, bool) const override { return runs; }
};

class Template : public PostProcessor {
public:
  explicit Template(const JsonNode& node) {
    const SpecialTokens tokens = parse_special_tokens(node);
    single_ = parse_pieces(node.at("single"), tokens, 1);
    if (const auto pair = node.find("pair"))
      pair_ = parse_pieces(*pair, tokens, 2);
  }

  std::vector<IdRun> apply(std::vector<IdRun> runs, bool adds_special_tokens) const override {
    const auto& pieces = runs.size() == 1 ? single_ : pair_;
    if (runs.size() > 2 || pieces.empty())
      throw Unsupported("tokenizer", "post_processor: no template for {} sequences", runs.size());
    std::vector<IdRun> result;
    for (const Piece& piece : pieces) {
      if (piece.is_sequence)
        result.push_back({runs[piece.sequence].ids, piece.type_id});
      else if (adds_special_tokens)
        result.push_back({piece.ids, piece.type_id});
    }
    return result;
  }

private:
  using SpecialTokens = std::unordered_map<std::string, std::vector<std::int32_t>>;

  struct Piece {
    bool is_sequence = false;
    std::size_t sequence = 0;
    std::vector<std::int32_t> ids;
    std::int32_t type_id = 0;
  };

  static SpecialTokens parse_special_tokens(const JsonNode& node) {
    SpecialTokens tokens;
    const auto list = node.find("special_tokens");
    if (!list)
      return tokens;
    if (!list->value().is_object())
      list->fail("an object");
    for (const auto& [name, value] : list->value().items()) {
      const JsonNode ids =
          JsonNode(value, fmt::format("{}[{}]", list->path(), in_quotes(name))).at("ids");
      for (std::size_t i = 0; i < ids.size(); ++i)
        tokens[name].push_back(parse_id(ids[i]));
    }
    return tokens;
  }

  static std::vector<Piece> parse_pieces(const JsonNode& list, const SpecialTokens& tokens,
                                         std::size_t sequence_count) {
    std::vector<Piece> pieces;
    std::array<bool, 2> is_used{};
    for (std::size_t i = 0; i < list.size(); ++i) {
      pieces.push_back(parse_piece(list[i], tokens, sequence_count));
      // A repeated text would grow without a bound.
      if (pieces.back().is_sequence && std::exchange(is_used[pieces.back().sequence], true))
        list[i].reject("this sequence stands in the template twice");
    }
    return pieces;
  }

  static Piece parse_piece(const JsonNode& node, const SpecialTokens& tokens,
                           std::size_t sequence_count) {
    Piece piece;
    const auto sequence = node.find("Sequence");
    const JsonNode body = sequence ? *sequence : node.at("SpecialToken");
    if (const auto type_id = body.find("type_id"))
      piece.type_id = parse_id(*type_id);
    const JsonNode id = body.at("id");
    piece.is_sequence = sequence.has_value();
    if (piece.is_sequence)
      piece.sequence = parse_sequence(id, sequence_count);
    else
      piece.ids = find_ids(id, tokens);
    return piece;
  }

  static std::size_t parse_sequence(const JsonNode& id, std::size_t sequence_count) {
    if (id.as_string() == "A")
      return 0;
    if (id.as_string() == "B" && sequence_count == 2)
      return 1;
    id.fail(sequence_count == 1 ? "the sequence \"A\"" : "the sequence \"A\" or \"B\"");
  }

  static std::vector<std::int32_t> find_ids(const JsonNode& id, const SpecialTokens& tokens) {
    const auto entry = tokens.find(id.as_string());
    if (entry == tokens.end())
      id.fail("a name from special_tokens");
    return entry->second;
  }

  std::vector<Piece> single_;
  std::vector<Piece> pair_;
};

// `[CLS] A [SEP]`, `[CLS] A [SEP] B [SEP]`; RoBERTa separates twice and knows no token types.
class ClassifierFrame : public PostProcessor {
public:
  ClassifierFrame(const JsonNode& node, bool is_roberta)
      : start_(parse_id(token_id(node, "cls"))), end_(parse_id(token_id(node, "sep"))),
        is_roberta_(is_roberta) {}

  std::vector<IdRun> apply(std::vector<IdRun> runs, bool adds_special_tokens) const override {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      auto& [ids, type_id] = runs[i];
      if (is_roberta_)
        type_id = 0;
      if (!adds_special_tokens)
        continue;
      if (i == 0)
        ids.insert(ids.begin(), start_);
      else if (is_roberta_)
        ids.insert(ids.begin(), end_);
      ids.push_back(end_);
      if (!is_roberta_)
        type_id = i == 0 ? 0 : 1;
    }
    return runs;
  }

private:
  // The value is `["[SEP]", 102]`.
  static JsonNode token_id(const JsonNode& node, std::string_view key) {
    const JsonNode token = node.at(key);
    if (token.size() != 2)
      token.fail("a token and its id");
    return token[1];
  }

  std::int32_t start_;
  std::int32_t end_;
  bool is_roberta_;
};

class PostProcessorSequence : public PostProcessor {
public:
  explicit PostProcessorSequence(const JsonNode& list) {
    for (std::size_t i = 0; i < step_count(list); ++i)
      steps_.push_back(make_post_processor(list[i]));
  }
  std::vector<IdRun> apply(std::vector<IdRun> runs, bool adds_special_tokens) const override {
    for (const auto& step : steps_)
      runs = step->apply(std::move(runs), adds_special_tokens);
    return runs;
  }

private:
  std::vector<std::unique_ptr<PostProcessor>> steps_;
};

}  // namespace

std::unique_ptr<PostProcessor> make_post_processor(const JsonNode& node) {
  const std::string& type = node.at("type").as_string();
  if (type == "ByteLevel")
    return std::make_unique<KeepAll>();
  if (type == "TemplateProcessing")
    return std::make_unique<Template>(node);
  if (type == "BertProcessing")
    return std::make_unique<ClassifierFrame>(node, false);
  if (type == "RobertaProcessing")
    return std::make_unique<ClassifierFrame>(node, true);
  if (type == "Sequence")
    return std::make_unique<PostProcessorSequence>(node.at("processors"));
  throw Unsupported("tokenizer", "{}: the post-processor {} is not supported", node.path(),
                    in_quotes(type));
}

}  // namespace ashlar::tokenizer
