// SPDX-License-Identifier: Apache-2.0
#include "models/generate/row_output.h"

#include <algorithm>

namespace ashlar {
namespace {

// Length of the longest end of `text` that begins `stop`.
std::size_t overlap(std::string_view text, std::string_view stop) {
  for (std::size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length)
    if (text.ends_with(stop.substr(0, length)))
      return length;
  return 0;
}

}  // namespace

RowOutput::RowOutput(const Tokenizer* tokenizer, const std::vector<std::string>& stop_strings,
                     const std::vector<std::int32_t>& stop_tokens)
    : stop_strings_(stop_strings), stop_tokens_(stop_tokens) {
  if (tokenizer)
    detokenizer_.emplace(*tokenizer, true);
}

void RowOutput::settle(bool last) {
  std::size_t match = std::string::npos, held = 0;
  for (const std::string& stop : stop_strings_) {
    match = std::min(match, pending_.find(stop));
    held = std::max(held, overlap(pending_, stop));
  }
  if (match != std::string::npos) {
    text_ += pending_.substr(0, match);
    pending_.clear();
    ended_ = true;
    reason_ = StopReason::stop_string;
    return;
  }
  const std::size_t certain = last ? pending_.size() : pending_.size() - held;
  text_ += pending_.substr(0, certain);
  pending_.erase(0, certain);
}

std::int64_t RowOutput::take(std::span<const std::int32_t> tokens, std::int64_t max_tokens) {
  std::int64_t taken = 0;
  for (std::int32_t token : tokens) {
    if (ended_)
      break;
    ids_.push_back(token);
    ++taken;
    if (std::ranges::find(stop_tokens_, token) != stop_tokens_.end()) {
      end(StopReason::eos);
      break;
    }
    if (detokenizer_)
      pending_ += detokenizer_->push(token);
    settle(false);
    if (!ended_ && static_cast<std::int64_t>(ids_.size()) >= max_tokens)
      end(StopReason::max_tokens);
  }
  return taken;
}

void RowOutput::end(StopReason reason) {
  if (ended_)
    return;
  ended_ = true;
  reason_ = reason;
  if (detokenizer_)
    pending_ += detokenizer_->flush();
  settle(true);
}

std::string RowOutput::new_text() {
  std::string fresh = text_.substr(reported_);
  reported_ = text_.size();
  return fresh;
}

Generation RowOutput::result() const {
  return {.ids = ids_, .text = text_, .reason = reason_};
}

}  // namespace ashlar
