// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/streaming_detokenizer.h"

#include "models/formats/tokenizer/decoder.h"
#include "models/formats/tokenizer/tokenizer_parts.h"

#include <utility>

namespace ashlar {

// Collects what comes out of the decoder, which it holds.
class StreamingDetokenizer::Text : public tokenizer::TokenSink {
public:
  explicit Text(const tokenizer::Decoder& decoder) : input_(decoder.open(*this)) {}

  void append(std::string_view fragment) override { text_ += fragment; }
  void end_token() override {}
  void finish() override {}

  tokenizer::TokenSink& input() { return *input_; }
  std::string take() { return std::exchange(text_, {}); }

private:
  std::string text_;
  std::unique_ptr<tokenizer::TokenSink> input_;
};

StreamingDetokenizer::StreamingDetokenizer(const Tokenizer& tokenizer, bool skip_special_tokens)
    : tokenizer_(tokenizer), skips_special_tokens_(skip_special_tokens) {
  open();
}

StreamingDetokenizer::~StreamingDetokenizer() = default;
StreamingDetokenizer::StreamingDetokenizer(StreamingDetokenizer&&) noexcept = default;
StreamingDetokenizer& StreamingDetokenizer::operator=(StreamingDetokenizer&&) noexcept = default;

void StreamingDetokenizer::open() {
  text_ = std::make_unique<Text>(*tokenizer_.parts_->decoder);
}

std::string StreamingDetokenizer::push(std::int32_t id) {
  const std::string* token = tokenizer_.parts_->decoded_token(id);
  if (!token || (skips_special_tokens_ && tokenizer_.is_special(id)))
    return {};
  text_->input().append(*token);
  text_->input().end_token();
  return text_->take();
}

std::string StreamingDetokenizer::flush() {
  text_->input().finish();
  std::string rest = text_->take();
  open();
  return rest;
}

}  // namespace ashlar
