// SPDX-License-Identifier: Apache-2.0
#include "models/convert/gguf_tokenizer.h"

#include "models/formats/base64.h"
#include "models/formats/gguf/pre_tokenizer.h"
#include "models/formats/tokenizer/tokenizer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <span>

namespace ashlar {
namespace {

using Json = nlohmann::json;
using gguf::Array;
using gguf::Metadata;

constexpr std::int32_t kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5,
                       kByte = 6;
const std::string kBlank = "\u2581", kContinues = "##";

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

// Whether all parts of a Sequence, or the one that there is, are of these types.
bool consists_of(const Json& node, std::string_view list,
                 std::initializer_list<std::string_view> types) {
  const auto known = [&](const Json& part) {
    return std::ranges::find(types, part.value("type", "")) != types.end();
  };
  if (node.value("type", "") == "Sequence" && node.contains(list))
    return std::ranges::all_of(node.at(list), known);
  return known(node);
}

// What a vocabulary's keys need besides its tokenizer.
struct Surroundings {
  std::int64_t vocab_size;
  bool is_gemma4 = false;
};

class VocabularyWriter {
public:
  VocabularyWriter(const Surroundings& around, const Json& root, const Tokenizer& tokenizer,
                   const std::map<std::string, std::string>& special, Metadata& metadata)
      : around_(around), root_(root), tokenizer_(tokenizer), special_(special),
        metadata_(metadata) {
    for (const Json& added : part("added_tokens"))
      added_[added.at("id").get<std::int32_t>()] = added.value("special", false);
  }

  void write() {
    const std::string type = part("model").value("type", "BPE");
    if (type == "WordPiece")
      write_word_pieces();
    else if (type == "Unigram")
      write_unigram();
    else if (type == "WordLevel")
      return;
    else if (find_part(part("pre_tokenizer"), "pretokenizers", "ByteLevel"))
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
    set("model", std::string(around_.is_gemma4 ? "gemma4" : "llama"));
    set("add_space_prefix", find_part(part("normalizer"), "normalizers", "Prepend") != nullptr);
    set("scores", Array(scores()));
    if (around_.is_gemma4)
      set("merges", Array(merges()));
    write_tokens();
  }

  void write_word_pieces() {
    const Json& normalizer = part("normalizer");
    const Json* own = find_part(normalizer, "", "BertNormalizer");
    if (!own || !own->value("clean_text", true) || !own->value("handle_chinese_chars", true) ||
        !find_part(part("pre_tokenizer"), "", "BertPreTokenizer") ||
        part("model").value("continuing_subword_prefix", kContinues) != kContinues)
      return;
    const bool lowercase = own->value("lowercase", true);
    const auto strips = own->find("strip_accents");
    set("model", std::string("bert"));
    set("normalizer.lowercase", lowercase);
    set("normalizer.strip_accents",
        strips == own->end() || strips->is_null() ? lowercase : strips->get<bool>());
    write_tokens();
    // Files mark the beginnings of words.
    auto& tokens =
        std::get<std::vector<std::string>>(std::get<Array>(metadata_["tokenizer.ggml.tokens"]));
    for (std::size_t id = 0; id < tokens.size(); ++id)
      if (!added_.contains(static_cast<std::int32_t>(id)) &&
          tokenizer_.id_to_token(static_cast<std::int32_t>(id)))
        tokens[id] = tokens[id].starts_with(kContinues) ? tokens[id].substr(kContinues.size())
                                                        : kBlank + tokens[id];
  }

  void write_unigram() {
    const Json& cut = part("pre_tokenizer");
    const Json* blank = find_part(cut, "pretokenizers", "Metaspace");
    const auto normalizing = unigram_normalizing();
    if (!blank || blank->value("replacement", kBlank) != kBlank || !normalizing ||
        !consists_of(cut, "pretokenizers", {"WhitespaceSplit", "Metaspace"}))
      return;
    const bool prepends = blank->value("prepend_scheme", "always") != "never" &&
                          blank->value("add_prefix_space", true);
    set("model", std::string("t5"));
    set("pre", std::string("default"));
    set("add_space_prefix", prepends);
    set("remove_extra_whitespaces",
        normalizing->removes_spaces || find_part(cut, "pretokenizers", "WhitespaceSplit"));
    if (!normalizing->map.empty())
      set("precompiled_charsmap",
          Array(std::vector<std::uint8_t>(normalizing->map.begin(), normalizing->map.end())));
    constexpr float kUnusedScore = -10000;
    std::vector<float> scores(size(), kUnusedScore);
    const Json& pieces = part("model").at("vocab");
    for (std::size_t id = 0; id < pieces.size(); ++id)
      scores[id] = pieces[id].at(1).get<float>();
    set("scores", Array(std::move(scores)));
    write_tokens();
  }

  struct Normalizing {
    std::string map;  // SentencePiece's compiled rules
    bool removes_spaces = false;
  };

  // Nothing where the tokenizer does what files have no word for.
  std::optional<Normalizing> unigram_normalizing() const {
    const Json& normalizer = part("normalizer");
    Normalizing normalizing;
    if (normalizer.is_null())
      return normalizing;
    if (!consists_of(normalizer, "normalizers", {"Precompiled", "Strip", "Replace"}))
      return std::nullopt;
    if (const Json* map = find_part(normalizer, "normalizers", "Precompiled"))
      normalizing.map =
          decode_base64(map->at("precompiled_charsmap").get<std::string>()).value_or("");
    if (const Json* replace = find_part(normalizer, "normalizers", "Replace")) {
      if (replace->at("pattern").value("Regex", "") != " {2,}")
        return std::nullopt;
      normalizing.removes_spaces = true;
    }
    return normalizing;
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
        std::max<std::int64_t>(around_.vocab_size, tokenizer_.vocab_size()));
  }

  std::int32_t type_of(std::string_view token, std::int32_t id) const {
    const auto unknown = part("model").find("unk_token"), unknown_id = part("model").find("unk_id");
    if (unknown != part("model").end() && *unknown == token)
      return kUnknown;
    if (unknown_id != part("model").end() && *unknown_id == id)
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
    for (const auto& [name, key] :
         {std::pair("unk_token", "unknown_token_id"), {"pad_token", "padding_token_id"}})
      set_id(key, name);
    const auto unknown = std::ranges::find(types, kUnknown);
    if (unknown != types.end())
      set("unknown_token_id", static_cast<std::uint32_t>(unknown - types.begin()));
    set("tokens", Array(std::move(tokens)));
    set("token_type", Array(std::move(types)));
  }

  void set_id(std::string_view key, const std::string& name) {
    const auto text = special_.find(name);
    const auto id = text == special_.end() ? std::nullopt : tokenizer_.token_to_id(text->second);
    if (id)
      set(key, static_cast<std::uint32_t>(*id));
  }

  const Surroundings& around_;
  const Json& root_;
  const Tokenizer& tokenizer_;
  const std::map<std::string, std::string>& special_;
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

void add_ids(const ModelSource& model, std::span<const std::int32_t> ends, Metadata& metadata) {
  constexpr const char* kKeys[] = {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                   "tokenizer.ggml.eom_token_id"};
  if (model.config().bos_token_id)
    metadata["tokenizer.ggml.bos_token_id"] =
        static_cast<std::uint32_t>(*model.config().bos_token_id);
  for (std::size_t i = 0; i < std::min(ends.size(), std::size(kKeys)); ++i)
    metadata[kKeys[i]] = static_cast<std::uint32_t>(ends[i]);
}

// The tokens that stand before and after a text, as an empty one shows.
void add_frame(const Tokenizer& tokenizer, std::optional<std::int64_t> bos,
               std::optional<std::int64_t> eos, Metadata& metadata) {
  const auto frame = tokenizer.encode("", true);
  const bool adds_bos = bos && !frame.empty() && frame.front() == *bos;
  const bool adds_eos = eos && frame.size() > (adds_bos ? 1u : 0u) && frame.back() == *eos;
  metadata["tokenizer.ggml.add_bos_token"] = adds_bos;
  metadata["tokenizer.ggml.add_eos_token"] = adds_eos;
}

// The tokenizer.json as it is, and the vocabulary.
void add_vocabulary(const CheckpointSource& model, const Tokenizer& tokenizer,
                    const Surroundings& around, Metadata& metadata) {
  const std::string text = model.tokenizer_json().value();
  metadata["tokenizer.huggingface.json"] = text;
  const Json root = Json::parse(text);
  VocabularyWriter(around, root, tokenizer, model.special_tokens(), metadata).write();
}

}  // namespace

void add_gguf_tokenizer(const ModelSource& model, Metadata& metadata) {
  const auto tokenizer = model.find_tokenizer();
  const auto ends = ends_of(model, tokenizer ? &*tokenizer : nullptr);
  add_ids(model, ends, metadata);
  for (const bool has_tools : {false, true})
    if (const auto source = model.chat_template(has_tools))
      metadata[has_tools ? "tokenizer.chat_template.tool_use" : "tokenizer.chat_template"] =
          *source;
  if (!tokenizer)
    return;
  add_vocabulary(model, *tokenizer,
                 {.vocab_size = model.config().vocab_size,
                  .is_gemma4 = model.config().decoder_type == "gemma4_text"},
                 metadata);
  add_frame(*tokenizer, model.config().bos_token_id,
            ends.empty() ? std::nullopt : std::optional<std::int64_t>(ends.front()), metadata);
}

void add_gguf_tokenizer(const EncoderSource& model, Metadata& metadata) {
  const auto tokenizer = model.find_tokenizer();
  if (!tokenizer)
    return;
  add_vocabulary(model, *tokenizer, {.vocab_size = model.config().vocab_size}, metadata);
  const auto frame = tokenizer->encode("", true);
  if (frame.size() != 2)
    return;
  const auto first = static_cast<std::uint32_t>(frame[0]),
             last = static_cast<std::uint32_t>(frame[1]);
  for (const char* key : {"bos", "cls"})
    metadata[fmt::format("tokenizer.ggml.{}_token_id", key)] = first;
  for (const char* key : {"eos", "seperator"})  // spelled like this
    metadata[fmt::format("tokenizer.ggml.{}_token_id", key)] = last;
  add_frame(*tokenizer, frame[0], frame[1], metadata);
  // RoBERTa's pairs have the last token twice between their texts, which BERT's do not.
  const bool is_twice = tokenizer->encode_pair("", "", true).ids.size() == 4;
  metadata["tokenizer.ggml.add_sep_token"] = is_twice || model.config().kind == EncoderKind::bert;
}

}  // namespace ashlar
