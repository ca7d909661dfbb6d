// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/tokenizer.h"

#include "models/formats/tokenizer/added_tokens.h"
#include "models/formats/tokenizer/decoder.h"
#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/model.h"
#include "models/formats/tokenizer/normalizer.h"
#include "models/formats/tokenizer/post_processor.h"
#include "models/formats/tokenizer/pre_tokenizer.h"
#include "models/formats/tokenizer/streaming_detokenizer.h"
#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

namespace ashlar {

using tokenizer::IdRun;
using tokenizer::JsonNode;
using tokenizer::Stretch;

namespace {

constexpr std::string_view kVersion = "1.0";

JsonNode check_version(const JsonNode& root) {
  if (const auto version = root.find("version"); version && version->as_string() != kVersion)
    throw Unsupported("tokenizer", "{}: only version {} is supported, got {}", version->path(),
                      kVersion, tokenizer::excerpt(version->as_string()));
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

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file)
    text << file.rdbuf();
  if (!file || !text)
    throw IoError("tokenizer", "cannot read {}", path.string());
  return std::move(text).str();
}

}  // namespace

struct Tokenizer::Parts {
  explicit Parts(const JsonNode& root)
      : normalizer(make_optional(check_version(root), "normalizer", tokenizer::make_normalizer)),
        pre_tokenizer(make_optional(root, "pre_tokenizer", tokenizer::make_pre_tokenizer)),
        model(tokenizer::make_model(root.at("model"))),
        added_tokens(root.find("added_tokens"), normalizer.get(), model->vocabulary()),
        post_processor(make_optional(root, "post_processor", tokenizer::make_post_processor)),
        decoder(make_optional(root, "decoder", tokenizer::make_decoder)) {
    if (!decoder)
      decoder = tokenizer::make_joining_decoder();
  }

  std::vector<std::int32_t> encode(std::string_view text) const {
    require_utf8(text);
    std::vector<std::int32_t> ids;
    for (const auto& section : added_tokens.split_raw(text)) {
      if (section.token)
        ids.push_back(*section.token);
      else
        encode_raw({std::string(section.span.in(text)), section.span.begin == 0}, ids);
    }
    return ids;
  }

  void encode_raw(Stretch stretch, std::vector<std::int32_t>& ids) const {
    if (normalizer)
      normalizer->apply(stretch);
    for (const auto& section : added_tokens.split_normalized(stretch.text)) {
      if (section.token)
        ids.push_back(*section.token);
      else
        encode_normalized({std::string(section.span.in(stretch.text)),
                           stretch.at_start && section.span.begin == 0},
                          ids);
    }
  }

  void encode_normalized(Stretch stretch, std::vector<std::int32_t>& ids) const {
    tokenizer::PieceList list(std::move(stretch));
    if (pre_tokenizer)
      pre_tokenizer->apply(list);
    for (const auto& piece : list.pieces)
      model->encode(piece.in(list.text), ids);
  }

  std::vector<IdRun> finish(std::vector<IdRun> runs, bool add_special_tokens) const {
    return post_processor ? post_processor->apply(std::move(runs), add_special_tokens) : runs;
  }

  std::unique_ptr<tokenizer::Normalizer> normalizer;
  std::unique_ptr<tokenizer::PreTokenizer> pre_tokenizer;
  std::unique_ptr<tokenizer::Model> model;
  tokenizer::AddedTokens added_tokens;
  std::unique_ptr<tokenizer::PostProcessor> post_processor;
  std::unique_ptr<tokenizer::Decoder> decoder;
};

Tokenizer Tokenizer::from_file(const std::filesystem::path& path) {
  return from_json(read_file(path), path.string());
}

Tokenizer Tokenizer::from_json(std::string_view text, std::string_view source) {
  const auto document = tokenizer::parse_json(text, source);
  return Tokenizer(std::make_shared<const Parts>(JsonNode(document, std::string(source))));
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, bool add_special_tokens) const {
  std::vector<IdRun> runs;
  runs.push_back({parts_->encode(text), 0});
  runs = parts_->finish(std::move(runs), add_special_tokens);
  std::vector<std::int32_t> ids =
      runs.empty() ? std::vector<std::int32_t>() : std::move(runs[0].ids);
  for (std::size_t i = 1; i < runs.size(); ++i)
    ids.insert(ids.end(), runs[i].ids.begin(), runs[i].ids.end());
  return ids;
}

EncodedPair Tokenizer::encode_pair(std::string_view first, std::string_view second,
                                   bool add_special_tokens) const {
  std::vector<IdRun> runs;
  runs.push_back({parts_->encode(first), 0});
  runs.push_back({parts_->encode(second), 1});
  EncodedPair result;
  for (const IdRun& run : parts_->finish(std::move(runs), add_special_tokens)) {
    result.ids.insert(result.ids.end(), run.ids.begin(), run.ids.end());
    result.type_ids.insert(result.type_ids.end(), run.ids.size(), run.type_id);
  }
  return result;
}

std::string Tokenizer::decode(const std::vector<std::int32_t>& ids,
                              bool skip_special_tokens) const {
  StreamingDetokenizer stream(*this, skip_special_tokens);
  std::string text;
  for (const std::int32_t id : ids)
    text += stream.push(id);
  text += stream.flush();
  return text;
}

std::optional<std::int32_t> Tokenizer::token_to_id(std::string_view token) const {
  if (const auto id = parts_->added_tokens.vocabulary().id_of(token))
    return id;
  return parts_->model->vocabulary().id_of(token);
}

std::optional<std::string_view> Tokenizer::id_to_token(std::int32_t id) const {
  if (const auto* token = parts_->added_tokens.vocabulary().token_of(id))
    return *token;
  if (const auto* token = parts_->model->vocabulary().token_of(id))
    return *token;
  return std::nullopt;
}

std::int32_t Tokenizer::vocab_size() const {
  return std::max(parts_->added_tokens.vocabulary().id_limit(),
                  parts_->model->vocabulary().id_limit());
}

bool Tokenizer::is_special(std::int32_t id) const {
  return parts_->added_tokens.is_special(id);
}

std::vector<std::int32_t> Tokenizer::special_ids() const {
  return parts_->added_tokens.special_ids();
}

const tokenizer::Decoder& Tokenizer::decoder() const {
  return *parts_->decoder;
}

}  // namespace ashlar
