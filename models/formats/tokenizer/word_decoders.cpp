// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/decoder_stage.h"

#include <array>
#include <optional>
#include <utility>

namespace ashlar::tokenizer {
namespace {

// Undoes the spaces that BERT's splitting at punctuation leaves in English.
std::string cleaned(std::string text) {
  constexpr auto kRules = std::to_array<std::pair<std::string_view, std::string_view>>({
      {" .", "."},
      {" ?", "?"},
      {" !", "!"},
      {" ,", ","},
      {" ' ", "'"},
      {" n't", "n't"},
      {" 'm", "'m"},
      {" do not", " don't"},
      {" 's", "'s"},
      {" 've", "'ve"},
      {" 're", "'re"},
  });
  for (const auto& [from, to] : kRules)
    text = replace_each(text, Pattern(std::string(from)), to);
  return text;
}

struct WordPieceOptions {
  std::string prefix;
  bool cleanup;
};

class WordPieceStage : public WholeTokenStage {
public:
  WordPieceStage(TokenSink& next, const WordPieceOptions& options)
      : WholeTokenStage(next), options_(options) {}

private:
  void take(std::string token, bool is_first) override {
    if (!is_first) {
      if (token.starts_with(options_.prefix))
        token.erase(0, options_.prefix.size());
      else
        token.insert(0, " ");
    }
    emit_token(options_.cleanup ? cleaned(std::move(token)) : token);
  }

  const WordPieceOptions& options_;
};

// The end-of-word suffix becomes a space, but not in the last token.
class BpeStage : public WholeTokenStage {
public:
  BpeStage(TokenSink& next, const Pattern& suffix) : WholeTokenStage(next), suffix_(suffix) {}

private:
  void take(std::string token, bool) override {
    release(" ");
    held_ = std::move(token);
  }
  void complete() override { release(""); }

  void release(std::string_view replacement) {
    if (held_)
      emit_token(replace_each(*held_, suffix_, replacement));
    held_.reset();
  }

  const Pattern& suffix_;
  std::optional<std::string> held_;
};

struct CtcOptions {
  Pattern padding;
  Pattern delimiter;
  bool cleanup;
};

// Speech models repeat a letter as long as it lasts, and pad between two of the same.
class CtcStage : public WholeTokenStage {
public:
  CtcStage(TokenSink& next, const CtcOptions& options) : WholeTokenStage(next), options_(options) {}

private:
  void take(std::string token, bool) override {
    if (token == last_)
      return;
    std::string text = replace_each(token, options_.padding, "");
    if (options_.cleanup)
      text = replace_each(cleaned(std::move(text)), options_.delimiter, " ");
    last_ = std::move(token);
    if (!text.empty())
      emit_token(text);
  }

  const CtcOptions& options_;
  std::optional<std::string> last_;
};

}  // namespace

std::string replace_each(std::string_view text, const Pattern& from, std::string_view to) {
  WorkLimit limit = WorkLimit::for_token(text.size());
  return replace_spans(text, from.find_all(text, limit), to, limit);
}

std::unique_ptr<Decoder> make_word_piece_decoder(const JsonNode& node) {
  return make_stage_decoder<WordPieceStage>(
      WordPieceOptions{node.string_or("prefix", "##"), node.bool_or("cleanup", true)});
}

std::unique_ptr<Decoder> make_bpe_decoder(const JsonNode& node) {
  return make_stage_decoder<BpeStage>(Pattern(node.string_or("suffix", "</w>")));
}

std::unique_ptr<Decoder> make_ctc_decoder(const JsonNode& node) {
  return make_stage_decoder<CtcStage>(CtcOptions{
      Pattern(node.string_or("pad_token", "<pad>")),
      Pattern(node.string_or("word_delimiter_token", "|")), node.bool_or("cleanup", true)});
}

}  // namespace ashlar::tokenizer
