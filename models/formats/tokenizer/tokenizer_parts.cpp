// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/tokenizer_parts.h"

#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <utility>

namespace ashlar {

using tokenizer::JsonNode;
using tokenizer::Stretch;
using tokenizer::WorkLimit;

namespace {

constexpr std::string_view kVersion = "1.0";

const JsonNode& check_version(const JsonNode& root) {
  if (const auto version = root.find("version"); version && version->as_string() != kVersion)
    throw Unsupported("tokenizer", "{}: only version {} is supported, got {}", version->path(),
                      kVersion, in_quotes(version->as_string()));
  return root;
}

template <typename Part>
std::unique_ptr<Part> make_optional(const JsonNode& root, std::string_view key,
                                    std::unique_ptr<Part> (*make)(const JsonNode&)) {
  const auto node = root.find(key);
  return node ? make(*node) : nullptr;
}

void require_utf8(std::string_view text) {
  if (const auto offset = tokenizer::find_invalid_utf8(text))
    throw InvalidArgument("tokenizer", "the text is not valid UTF-8: byte 0x{:02x} at offset {}",
                          static_cast<std::uint8_t>(text[*offset]), *offset);
}

}  // namespace

Tokenizer::Parts::Parts(const JsonNode& root)
    : normalizer(make_optional(check_version(root), "normalizer", tokenizer::make_normalizer)),
      pre_tokenizer(make_optional(root, "pre_tokenizer", tokenizer::make_pre_tokenizer)),
      model(tokenizer::make_model(root.at("model"))),
      added_tokens(root.find("added_tokens"), normalizer.get(), model->vocabulary()),
      post_processor(make_optional(root, "post_processor", tokenizer::make_post_processor)),
      decoder(make_optional(root, "decoder", tokenizer::make_decoder)) {
  if (!decoder)
    decoder = tokenizer::make_joining_decoder();
}

std::vector<std::int32_t> Tokenizer::Parts::encode(std::string_view text) const {
  require_utf8(text);
  WorkLimit limit = WorkLimit::for_text(text.size());
  std::vector<std::int32_t> ids;
  for (const auto& section : added_tokens.split_raw(text)) {
    if (section.token)
      ids.push_back(*section.token);
    else
      encode_raw({std::string(section.span.in(text)), section.span.begin == 0}, limit, ids);
  }
  return ids;
}

void Tokenizer::Parts::encode_raw(Stretch stretch, WorkLimit& limit,
                                  std::vector<std::int32_t>& ids) const {
  if (normalizer)
    normalizer->apply(stretch, limit);
  for (const auto& section : added_tokens.split_normalized(stretch.text)) {
    if (section.token)
      ids.push_back(*section.token);
    else
      encode_normalized(
          {std::string(section.span.in(stretch.text)), stretch.at_start && section.span.begin == 0},
          limit, ids);
  }
}

void Tokenizer::Parts::encode_normalized(Stretch stretch, WorkLimit& limit,
                                         std::vector<std::int32_t>& ids) const {
  tokenizer::PieceList list(std::move(stretch));
  if (pre_tokenizer)
    pre_tokenizer->apply(list, limit);
  for (const auto& piece : list.pieces)
    model->encode(piece.in(list.text), limit, ids);
}

std::vector<tokenizer::IdRun> Tokenizer::Parts::post_process(std::vector<tokenizer::IdRun> runs,
                                                             bool adds_special_tokens) const {
  return post_processor ? post_processor->apply(std::move(runs), adds_special_tokens) : runs;
}

const std::string* Tokenizer::Parts::decoded_token(std::int32_t id) const {
  const std::string* added = added_tokens.text_of(id);
  return added ? added : model->vocabulary().token_of(id);
}

}  // namespace ashlar
