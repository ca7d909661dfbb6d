// SPDX-License-Identifier: Apache-2.0
// Building blocks of the decoders: a stage that sees whole tokens, and the decoder made of a stage
// type and its options. Also the decoders of models whose tokens are words or their parts.
#pragma once

#include "models/formats/tokenizer/decoder.h"
#include "models/formats/tokenizer/pattern.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ashlar::tokenizer {

class Stage : public TokenSink {
public:
  explicit Stage(TokenSink& next) : next_(next) {}

protected:
  void emit_token(std::string_view text) {
    next_.append(text);
    next_.end_token();
  }
  TokenSink& next() { return next_; }

private:
  TokenSink& next_;
};

// Collects the fragments of each token.
class WholeTokenStage : public Stage {
public:
  using Stage::Stage;

  void append(std::string_view fragment) final { token_ += fragment; }
  void end_token() final {
    take(std::exchange(token_, {}), is_first_);
    is_first_ = false;
  }
  void finish() final {
    complete();
    next().finish();
  }

protected:
  virtual void take(std::string token, bool is_first) = 0;
  // The list ends: emits what was held back.
  virtual void complete() {}

private:
  std::string token_;
  bool is_first_ = true;
};

// A decoder whose stages are constructed as `StageType(next, options)`; borrows its options to
// them.
template <typename StageType, typename Options> class StageDecoder : public Decoder {
public:
  explicit StageDecoder(Options options) : options_(std::move(options)) {}
  std::unique_ptr<TokenSink> open(TokenSink& next) const override {
    return std::make_unique<StageType>(next, options_);
  }

private:
  Options options_;
};

template <typename StageType, typename Options>
std::unique_ptr<Decoder> make_stage_decoder(Options options) {
  return std::make_unique<StageDecoder<StageType, Options>>(std::move(options));
}

// `text` with every match of `from` replaced, within the limits of one token.
std::string replace_each(std::string_view text, const Pattern& from, std::string_view to);

std::unique_ptr<Decoder> make_word_piece_decoder(const JsonNode& node);
std::unique_ptr<Decoder> make_bpe_decoder(const JsonNode& node);
std::unique_ptr<Decoder> make_ctc_decoder(const JsonNode& node);

}  // namespace ashlar::tokenizer
