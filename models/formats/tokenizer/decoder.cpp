// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/decoder.h"

#include "models/formats/tokenizer/byte_alphabet.h"
#include "models/formats/tokenizer/decoder_stage.h"
#include "models/formats/tokenizer/metaspace.h"
#include "models/formats/tokenizer/pattern.h"
#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace ashlar::tokenizer {
namespace {

struct NoOptions {};

class JoinStage : public WholeTokenStage {
public:
  JoinStage(TokenSink& next, const NoOptions&) : WholeTokenStage(next) {}

private:
  void take(std::string token, bool is_first) override {
    emit_token(is_first ? token : " " + token);
  }
};

// All bytes form one token.
class ByteLevelStage : public WholeTokenStage {
public:
  ByteLevelStage(TokenSink& next, const NoOptions&) : WholeTokenStage(next) {}

private:
  void take(std::string token, bool) override {
    std::string text;
    utf8_.feed(bytes_of_alphabet(token).value_or(token), text);
    next().append(text);
  }
  void complete() override {
    std::string text;
    utf8_.finish(text);
    emit_token(text);
  }

  LossyUtf8Decoder utf8_;
};

// `<0xNN>` tokens: a run of them that is valid UTF-8 becomes one token, else every byte is U+FFFD.
class ByteFallbackStage : public WholeTokenStage {
public:
  ByteFallbackStage(TokenSink& next, const NoOptions&) : WholeTokenStage(next) {}

private:
  void take(std::string token, bool) override {
    if (const auto byte = byte_of(token)) {
      run_.push_back(static_cast<char>(*byte));
      return;
    }
    complete();
    emit_token(token);
  }

  // Whether a run is valid shows only at its end.
  void complete() override {
    const std::string run = std::exchange(run_, {});
    if (run.empty())
      return;
    if (!find_invalid_utf8(run)) {
      emit_token(run);
      return;
    }
    for (std::size_t i = 0; i < run.size(); ++i)
      emit_token(kReplacementCharacter);
  }

  static std::optional<int> byte_of(std::string_view token) {
    if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>')
      return std::nullopt;
    const int high = hex_digit(token[3]);
    const int low = hex_digit(token[4]);
    if (high < 0 || low < 0)
      return std::nullopt;
    return high * 16 + low;
  }

  std::string run_;
};

// One token of them all.
class FuseStage : public Stage {
public:
  FuseStage(TokenSink& next, const NoOptions&) : Stage(next) {}

  void append(std::string_view fragment) override { next().append(fragment); }
  void end_token() override {}
  void finish() override {
    next().end_token();
    next().finish();
  }
};

struct ReplaceOptions {
  Pattern pattern;
  std::string content;
};

class ReplaceStage : public WholeTokenStage {
public:
  ReplaceStage(TokenSink& next, const ReplaceOptions& options)
      : WholeTokenStage(next), options_(options) {}

private:
  void take(std::string token, bool) override {
    emit_token(replace_each(token, options_.pattern, options_.content));
  }

  const ReplaceOptions& options_;
};

struct StripOptions {
  char32_t content;
  std::size_t start;  // at most so many copies of `content` at the beginning of a token
  std::size_t stop;   // and at its end
};

class StripStage : public Stage {
public:
  StripStage(TokenSink& next, const StripOptions& options) : Stage(next), options_(options) {}

  void append(std::string_view fragment) override {
    std::string text;
    for (std::size_t offset = 0; offset < fragment.size();) {
      const std::size_t begin = offset;
      const bool is_content = next_code_point(fragment, offset) == options_.content;
      if (is_content && stripped_ < options_.start) {
        ++stripped_;
        continue;
      }
      stripped_ = options_.start;
      if (is_content && held_ < options_.stop) {
        ++held_;
        continue;
      }
      // Another copy pushes the oldest one out of reach of the end.
      for (; !is_content && held_ > 0; --held_)
        append_code_point(text, options_.content);
      text += fragment.substr(begin, offset - begin);
    }
    next().append(text);
  }
  void end_token() override {
    stripped_ = 0;
    held_ = 0;
    next().end_token();
  }
  void finish() override { next().finish(); }

private:
  const StripOptions& options_;
  std::size_t stripped_ = 0;
  std::size_t held_ = 0;
};

class MetaspaceStage : public WholeTokenStage {
public:
  MetaspaceStage(TokenSink& next, const MetaspaceOptions& options)
      : WholeTokenStage(next), options_(options) {}

private:
  void take(std::string token, bool is_first) override {
    const bool drops = is_first && options_.scheme != PrependScheme::kNever;
    std::string text;
    for (std::size_t offset = 0; offset < token.size();) {
      const char32_t c = next_code_point(token, offset);
      if (c != options_.replacement)
        append_code_point(text, c);
      else if (!drops)
        text += ' ';
    }
    emit_token(text);
  }

  const MetaspaceOptions& options_;
};

// Stages one behind the other.
class Chain : public TokenSink {
public:
  Chain(const std::vector<std::unique_ptr<Decoder>>& decoders, TokenSink& last) : front_(&last) {
    for (auto decoder = decoders.rbegin(); decoder != decoders.rend(); ++decoder) {
      stages_.push_back((*decoder)->open(*front_));
      front_ = stages_.back().get();
    }
  }
  void append(std::string_view fragment) override { front_->append(fragment); }
  void end_token() override { front_->end_token(); }
  void finish() override { front_->finish(); }

private:
  std::vector<std::unique_ptr<TokenSink>> stages_;
  TokenSink* front_;
};

class DecoderSequence : public Decoder {
public:
  explicit DecoderSequence(const JsonNode& list) {
    for (std::size_t i = 0; i < step_count(list); ++i)
      decoders_.push_back(make_decoder(list[i]));
  }
  std::unique_ptr<TokenSink> open(TokenSink& next) const override {
    return std::make_unique<Chain>(decoders_, next);
  }

private:
  std::vector<std::unique_ptr<Decoder>> decoders_;
};

std::unique_ptr<Decoder> make_strip(const JsonNode& node) {
  constexpr auto kAnyCount = std::numeric_limits<std::int64_t>::max();
  return make_stage_decoder<StripStage>(
      StripOptions{node.at("content").as_character(),
                   static_cast<std::size_t>(node.at("start").as_index(kAnyCount)),
                   static_cast<std::size_t>(node.at("stop").as_index(kAnyCount))});
}

}  // namespace

std::unique_ptr<Decoder> make_joining_decoder() {
  return make_stage_decoder<JoinStage>(NoOptions{});
}

std::unique_ptr<Decoder> make_decoder(const JsonNode& node) {
  const std::string& type = node.at("type").as_string();
  if (type == "ByteLevel")
    return make_stage_decoder<ByteLevelStage>(NoOptions{});
  if (type == "ByteFallback")
    return make_stage_decoder<ByteFallbackStage>(NoOptions{});
  if (type == "Fuse")
    return make_stage_decoder<FuseStage>(NoOptions{});
  if (type == "Replace")
    return make_stage_decoder<ReplaceStage>(
        ReplaceOptions{make_pattern(node.at("pattern")), node.at("content").as_string()});
  if (type == "Strip")
    return make_strip(node);
  if (type == "Metaspace")
    return make_stage_decoder<MetaspaceStage>(parse_metaspace(node));
  if (type == "WordPiece")
    return make_word_piece_decoder(node);
  if (type == "BPEDecoder")
    return make_bpe_decoder(node);
  if (type == "CTC")
    return make_ctc_decoder(node);
  if (type == "Sequence")
    return std::make_unique<DecoderSequence>(node.at("decoders"));
  throw Unsupported("tokenizer", "{}: the decoder {} is not supported", node.path(),
                    in_quotes(type));
}

}  // namespace ashlar::tokenizer
