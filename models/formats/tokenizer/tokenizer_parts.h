// SPDX-License-Identifier: Apache-2.0
// The stages of one tokenizer, in the order in which text passes them. Immutable and thread-safe;
// shared by all copies of a Tokenizer and its detokenizers.
#pragma once

#include "models/formats/tokenizer/added_tokens.h"
#include "models/formats/tokenizer/decoder.h"
#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/model.h"
#include "models/formats/tokenizer/normalizer.h"
#include "models/formats/tokenizer/post_processor.h"
#include "models/formats/tokenizer/pre_tokenizer.h"
#include "models/formats/tokenizer/tokenizer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

struct Tokenizer::Parts {
  explicit Parts(const tokenizer::JsonNode& root);

  // Ids of `text` before post-processing. Throws InvalidArgument if it is not UTF-8.
  std::vector<std::int32_t> encode(std::string_view text) const;

  // `runs` with the special tokens of the post-processor, if there is one.
  std::vector<tokenizer::IdRun> post_process(std::vector<tokenizer::IdRun> runs,
                                             bool adds_special_tokens) const;

  // The string that the decoder gets for `id`, or null.
  const std::string* decoded_token(std::int32_t id) const;

  std::unique_ptr<tokenizer::Normalizer> normalizer;       // may be null
  std::unique_ptr<tokenizer::PreTokenizer> pre_tokenizer;  // may be null
  std::unique_ptr<tokenizer::Model> model;
  tokenizer::AddedTokens added_tokens;
  std::unique_ptr<tokenizer::PostProcessor> post_processor;  // may be null
  std::unique_ptr<tokenizer::Decoder> decoder;

private:
  void encode_raw(tokenizer::Stretch stretch, tokenizer::WorkLimit& limit,
                  std::vector<std::int32_t>& ids) const;
  void encode_normalized(tokenizer::Stretch stretch, tokenizer::WorkLimit& limit,
                         std::vector<std::int32_t>& ids) const;
};

}  // namespace ashlar
