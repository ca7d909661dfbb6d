// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/tokenizer.h"

#include "models/formats/json_file.h"
#include "models/formats/tokenizer/streaming_detokenizer.h"
#include "models/formats/tokenizer/tokenizer_parts.h"
#include "runtime/program/input_file.h"

#include <algorithm>
#include <utility>

namespace ashlar {

using tokenizer::IdRun;

namespace {

EncodedPair join(const std::vector<IdRun>& runs) {
  EncodedPair result;
  for (const IdRun& run : runs) {
    result.ids.insert(result.ids.end(), run.ids.begin(), run.ids.end());
    result.type_ids.insert(result.type_ids.end(), run.ids.size(), run.type_id);
  }
  return result;
}

}  // namespace

Tokenizer Tokenizer::from_file(const std::filesystem::path& path) {
  return from_json(read_file(path, kMaxTokenizerBytes, "tokenizer"), path.string());
}

Tokenizer Tokenizer::from_json(std::string_view text, std::string_view source) {
  const auto document = parse_json(text, source, {.max_bytes = kMaxTokenizerBytes});
  return Tokenizer(
      std::make_shared<const Parts>(tokenizer::JsonNode(document, std::string(source))));
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, bool add_special_tokens) const {
  std::vector<IdRun> runs;
  runs.push_back({parts_->encode(text), 0});
  return join(parts_->post_process(std::move(runs), add_special_tokens)).ids;
}

EncodedPair Tokenizer::encode_pair(std::string_view first, std::string_view second,
                                   bool add_special_tokens) const {
  std::vector<IdRun> runs;
  runs.push_back({parts_->encode(first), 0});
  runs.push_back({parts_->encode(second), 1});
  return join(parts_->post_process(std::move(runs), add_special_tokens));
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

}  // namespace ashlar
