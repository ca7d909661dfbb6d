// SPDX-License-Identifier: Apache-2.0
// Text to token ids and back, as described by a tokenizer.json (the format of the Hugging Face
// tokenizers library, version 1.0). Stages: cut at added tokens, normalise, cut into pieces, encode
// each piece with the model, add special tokens; decoding runs the decoder over the token strings.
//
// A Tokenizer is immutable. Copies share their contents, and all const functions may be called from
// several threads at once. Text is UTF-8 on both sides. Unicode properties are those of the
// installed PCRE2 and utf8proc. Models: BPE, WordPiece, Unigram and WordLevel.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// Ids of two texts in one sequence, as classifiers and rerankers take them.
struct EncodedPair {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> type_ids;  // of each id: BERT's segment
};

class Tokenizer {
public:
  // Throws IoError if the file cannot be read, otherwise as from_json.
  static Tokenizer from_file(const std::filesystem::path& path);

  // Throws FormatError if the text breaks the format's rules, Unsupported for components that are
  // not known. `source` names the text in messages.
  static Tokenizer from_json(std::string_view text, std::string_view source = "tokenizer.json");

  // Throws InvalidArgument, with the offset, if `text` is not UTF-8, and Unsupported if the
  // file's expressions and replacements make unreasonably much work of it.
  std::vector<std::int32_t> encode(std::string_view text, bool add_special_tokens) const;
  EncodedPair encode_pair(std::string_view first, std::string_view second,
                          bool add_special_tokens) const;

  // Ids that name no token contribute nothing. Always returns valid UTF-8: bytes that form no
  // character become U+FFFD.
  std::string decode(const std::vector<std::int32_t>& ids, bool skip_special_tokens) const;

  std::optional<std::int32_t> token_to_id(std::string_view token) const;
  // The token's string inside the vocabulary. Valid while a copy of this Tokenizer lives.
  std::optional<std::string_view> id_to_token(std::int32_t id) const;

  // One more than the largest id; between there may be ids without a token.
  std::int32_t vocab_size() const;

  bool is_special(std::int32_t id) const;
  // Ascending.
  std::vector<std::int32_t> special_ids() const;

private:
  friend class StreamingDetokenizer;
  struct Parts;

  explicit Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

  std::shared_ptr<const Parts> parts_;
};

}  // namespace ashlar
