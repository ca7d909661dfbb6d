// SPDX-License-Identifier: Apache-2.0
// The growing output of one batch row: ids, text, and whether something ended it.
#pragma once

#include "models/formats/tokenizer/streaming_detokenizer.h"
#include "models/generate/generator.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

class RowOutput {
public:
  // Without a tokenizer there are ids, but no text and no stop strings.
  RowOutput(const Tokenizer* tokenizer, const std::vector<std::string>& stop_strings,
            const std::vector<std::int32_t>& stop_tokens);

  bool ended() const { return ended_; }
  // Takes tokens until one ends the row; returns how many were taken.
  std::int64_t take(std::span<const std::int32_t> tokens, std::int64_t max_tokens);
  void end(StopReason reason);

  // Text that no later token can change or take back, since the last call.
  std::string new_text();

  const std::vector<std::int32_t>& ids() const { return ids_; }
  Generation result() const;

private:
  // Moves certain text from `pending_` to `text_`; what could still become a stop string stays.
  void settle(bool last);

  std::optional<StreamingDetokenizer> detokenizer_;
  const std::vector<std::string>& stop_strings_;
  const std::vector<std::int32_t>& stop_tokens_;
  std::vector<std::int32_t> ids_;
  std::string pending_;
  std::string text_;
  std::size_t reported_ = 0;
  bool ended_ = false;
  StopReason reason_ = StopReason::max_tokens;
};

}  // namespace ashlar
