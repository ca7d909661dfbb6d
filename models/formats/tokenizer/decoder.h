// SPDX-License-Identifier: Apache-2.0
// Decoders of tokenizer.json: each maps a list of token strings to another list, and the text is
// the last list joined. They work as a stream, so that decoding a finished list and decoding token
// by token are the same thing: an opened decoder passes on what no later token can change, at once
// where the definition allows. Decoders are immutable and thread-safe; an opened one belongs to one
// thread.
#pragma once

#include "models/formats/tokenizer/json_node.h"

#include <memory>
#include <string_view>

namespace ashlar::tokenizer {

// Receives a list of tokens. A token may come in several fragments, each of whole characters.
class TokenSink {
public:
  virtual ~TokenSink() = default;
  virtual void append(std::string_view fragment) = 0;
  virtual void end_token() = 0;
  // The list is complete; called once.
  virtual void finish() = 0;
};

class Decoder {
public:
  virtual ~Decoder() = default;
  // A sink that writes the decoded list to `next`. Borrows the decoder and `next`.
  virtual std::unique_ptr<TokenSink> open(TokenSink& next) const = 0;
};

// What stands in for an absent decoder: tokens with a space between them. Throws FormatError for a
// malformed description, Unsupported for a type that is not known.
std::unique_ptr<Decoder> make_joining_decoder();
std::unique_ptr<Decoder> make_decoder(const JsonNode& node);

}  // namespace ashlar::tokenizer
