// SPDX-License-Identifier: Apache-2.0
#include "models/convert/gguf_tokenizer.h"

#include "models/formats/gguf/pre_tokenizer.h"
#include "models/formats/tokenizer/tokenizer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace ashlar {
namespace {

using Json = nlohmann::json;
using gguf::Array;
using gguf::Metadata;

constexpr std::int32_t kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5,
                       kByte = 6;

// Whether `node`, or one of the parts of a Sequence, has this type; returns it.
const Json* find_part(const Json& node, std::string_view list, std::string_view type) {
  if (!node.is_object())
    return nullptr;
  if (node.value("type", "") == type)
    return &node;
  if (node.value("type", "") == "Sequence" && node.contains(list))
    for (const Json& part : node.at(list))
      if (part.value("type", "") == type)
        return &part;
  return nullptr;
}

class VocabularyWriter {
public:
  VocabularyWriter(const ModelSource& model, const Json& root, const Tokenizer& tokenizer,
                   Metadata& metadata)
      : model_(model), root_(root), tokenizer_(tokenizer), metadata_(metadata) {
    for (const Json& added : part("added_tokens"))
      added_[added.at("id").get<std::int32_t>()] = added.value("special", false);
  }

  void write() {
    if (find_part(part("pre_tokenizer"), "pretokenizers", "ByteLevel"))
      write_byte_level();
    else if (find_part(part("decoder"), "decoders", "ByteFallback"))
      write_sentence_pieces();
  }

private:
  const Json& part(const char* name) const {
    static const Json kNothing;
    const auto found = root_.find(name);
    return found == root_.end() ? kNothing : *found;
  }

  template <typename T> void set(std::string_view key, T value) {
    metadata_[fmt::format("tokenizer.ggml.{}", key)] = std::move(value);
  }

  void write_byte_level() {
    const Json* split = find_part(part("pre_tokenizer"), "pretokenizers", "Split");
    const std::string pattern = split ? split->at("pattern").value("Regex", "?") : "";
    const Json& model = part("model");
    const gguf::PreTokenizer* cut = gguf::match_pre_tokenizer(
        pattern, find_part(part("normalizer"), "normalizers", "NFC") != nullptr,
        model.value("ignore_merges", false));
    if (!cut)
      return;
    set("model", std::string("gpt2"));
    set("pre", std::string(cut->name));
    set("merges", Array(merges()));
    write_tokens();
  }

  void write_sentence_pieces() {
    const bool is_gemma4 = model_.config().decoder_type == "gemma4_text";
    set("model", std::string(is_gemma4 ? "gemma4" : "llama"));
    set("add_space_prefix", find_part(part("normalizer"), "normalizers", "Prepend") != nullptr);
    set("scores", Array(scores()));
    if (is_gemma4)
      set("merges", Array(merges()));
    write_tokens();
  }

  std::vector<std::string> merges() const {
    std::vector<std::string> merges;
    for (const Json& merge : part("model").at("merges"))
      merges.push_back(merge.is_string()
                           ? merge.get<std::string>()
                           : merge[0].get<std::string>() + " " + merge[1].get<std::string>());
    return merges;
  }

  // Pieces that an early merge makes score high; the rest are never made by a merge.
  std::vector<float> scores() const {
    std::vector<float> scores(size(), -1e9f);
    float rank = 0;
    for (const Json& merge : part("model").at("merges")) {
      std::string text = merge.is_string() ? merge.get<std::string>() : "";
      if (merge.is_array())
        text = merge[0].get<std::string>() + merge[1].get<std::string>();
      else
        text.erase(std::min(text.find(' '), text.size()), 1);
      if (const auto id = tokenizer_.token_to_id(text)) {
        float& score = scores[static_cast<std::size_t>(*id)];
        score = std::max(score, -rank);
      }
      rank += 1;
    }
    return scores;
  }

  std::size_t size() const {
    return static_cast<std::size_t>(
        std::max<std::int64_t>(model_.config().vocab_size, tokenizer_.vocab_size()));
  }

  std::int32_t type_of(std::string_view token, std::int32_t id) const {
    const auto unknown = part("model").find("unk_token");
    if (unknown != part("model").end() && *unknown == token)
      return kUnknown;
    if (const auto added = added_.find(id); added != added_.end())
      return added->second ? kControl : kUserDefined;
    const bool is_byte = token.size() == 6 && token.starts_with("<0x") && token.ends_with('>');
    return is_byte ? kByte : kNormal;
  }

  void write_tokens() {
    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;
    for (std::int32_t id = 0; std::cmp_less(id, size()); ++id) {
      const auto token = tokenizer_.id_to_token(id);
      tokens.push_back(token ? std::string(*token) : fmt::format("[PAD{}]", id));
      types.push_back(token ? type_of(*token, id) : kUnused);
    }
    set("tokens", Array(std::move(tokens)));
    set("token_type", Array(std::move(types)));
    // Special tokens that stand before and after an empty text.
    const auto frame = tokenizer_.encode("", true);
    const auto adds = [&](std::optional<std::int64_t> id) {
      return id && std::ranges::find(frame, *id) != frame.end();
    };
    set("add_bos_token", adds(model_.config().bos_token_id));
    set("add_eos_token", false);
    for (const auto& [name, key] :
         {std::pair("unk_token", "unknown_token_id"), {"pad_token", "padding_token_id"}})
      set_id(key, model_.special_tokens(), name);
  }

  void set_id(std::string_view key, const std::map<std::string, std::string>& special,
              const std::string& name) {
    const auto text = special.find(name);
    const auto id = text == special.end() ? std::nullopt : tokenizer_.token_to_id(text->second);
    if (id)
      set(key, static_cast<std::uint32_t>(*id));
  }

  const ModelSource& model_;
  const Json& root_;
  const Tokenizer& tokenizer_;
  Metadata& metadata_;
  std::map<std::int32_t, bool> added_;  // whether they are special
};

// What ends a generation: the end of texts first, which chat templates see too.
std::vector<std::int32_t> ends_of(const ModelSource& model, const Tokenizer* tokenizer) {
  std::vector<std::int32_t> ends = model.stop_tokens();
  const auto special = model.special_tokens();
  const auto end = special.find("eos_token");
  if (tokenizer && end != special.end())
    if (const auto id = tokenizer->token_to_id(end->second)) {
      std::erase(ends, *id);
      ends.insert(ends.begin(), *id);
    }
  return ends;
}

void add_ids(const ModelSource& model, const Tokenizer* tokenizer, Metadata& metadata) {
  constexpr const char* kKeys[] = {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                   "tokenizer.ggml.eom_token_id"};
  if (model.config().bos_token_id)
    metadata["tokenizer.ggml.bos_token_id"] =
        static_cast<std::uint32_t>(*model.config().bos_token_id);
  const auto ends = ends_of(model, tokenizer);
  for (std::size_t i = 0; i < std::min(ends.size(), std::size(kKeys)); ++i)
    metadata[kKeys[i]] = static_cast<std::uint32_t>(ends[i]);
}

}  // namespace

void add_gguf_tokenizer(const ModelSource& model, Metadata& metadata) {
  const auto tokenizer = model.find_tokenizer();
  add_ids(model, tokenizer ? &*tokenizer : nullptr, metadata);
  for (const bool has_tools : {false, true})
    if (const auto source = model.chat_template(has_tools))
      metadata[has_tools ? "tokenizer.chat_template.tool_use" : "tokenizer.chat_template"] =
          *source;
  if (!tokenizer)
    return;
  const std::string text = model.tokenizer_json().value();
  metadata["tokenizer.huggingface.json"] = text;
  const Json root = Json::parse(text);
  VocabularyWriter(model, root, *tokenizer, metadata).write();
}

}  // namespace ashlar
