// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/normalizer.h"

#include "models/formats/tokenizer/byte_alphabet.h"
#include "models/formats/tokenizer/pattern.h"
#include "models/formats/tokenizer/text_edit.h"
#include "models/formats/tokenizer/unicode.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace ashlar::tokenizer {
namespace {

class UnicodeNormalizer : public Normalizer {
public:
  explicit UnicodeNormalizer(UnicodeForm form) : form_(form) {}
  void apply(Stretch& stretch, WorkLimit&) const override {
    stretch.text = to_normal_form(stretch.text, form_);
  }

private:
  UnicodeForm form_;
};

class Lowercase : public Normalizer {
public:
  void apply(Stretch& stretch, WorkLimit&) const override {
    map_characters(stretch, append_lowercase);
  }
};

class StripAccents : public Normalizer {
public:
  void apply(Stretch& stretch, WorkLimit&) const override {
    filter_characters(stretch, [](char32_t c) { return !is_mark(c); });
  }
};

// What SentencePiece does to text from the web: control characters go, odd spaces become spaces.
class Nmt : public Normalizer {
public:
  void apply(Stretch& stretch, WorkLimit&) const override {
    filter_characters(stretch, [](char32_t c) { return !is_dropped(c); });
    map_characters(stretch, [](std::string& text, char32_t c) {
      append_code_point(text, is_space(c) ? U' ' : c);
    });
  }

private:
  static bool is_dropped(char32_t c) {
    return (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F ||
           c == 0x8F || c == 0x9F;
  }
  static bool is_space(char32_t c) {
    return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == 0x1680 ||
           (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
           c == 0xFEFF || c == 0xFFFD;
  }
};

class StripSpaces : public Normalizer {
public:
  explicit StripSpaces(const JsonNode& node)
      : left_(node.at("strip_left").as_bool()), right_(node.at("strip_right").as_bool()) {}

  void apply(Stretch& stretch, WorkLimit&) const override {
    // Both ends of the text that stays: behind the leading and before the trailing white space.
    std::size_t begin = std::string::npos;
    std::size_t end = 0;
    for (std::size_t offset = 0; offset < stretch.text.size();) {
      const std::size_t at = offset;
      if (is_whitespace(next_code_point(stretch.text, offset)))
        continue;
      begin = std::min(begin, at);
      end = offset;
    }
    begin = left_ ? std::min(begin, stretch.text.size()) : 0;
    end = right_ ? std::max(begin, end) : stretch.text.size();
    stretch.at_start = stretch.at_start && begin == 0;
    stretch.text = stretch.text.substr(begin, end - begin);
  }

private:
  bool left_;
  bool right_;
};

class Prepend : public Normalizer {
public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  void apply(Stretch& stretch, WorkLimit&) const override {
    if (!stretch.text.empty())
      stretch.text.insert(0, prefix_);
  }

private:
  std::string prefix_;
};

class Replace : public Normalizer {
public:
  Replace(Pattern pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  void apply(Stretch& stretch, WorkLimit& limit) const override {
    const auto matches = pattern_.find_all(stretch.text, limit);
    if (!matches.empty() && removes_first_character(stretch.text, matches.front()))
      stretch.at_start = false;
    stretch.text = replace_spans(stretch.text, matches, content_, limit);
  }

private:
  // The content stands for the last character of the match.
  bool removes_first_character(std::string_view text, const Span& match) const {
    return match.begin == 0 && !match.empty() &&
           (content_.empty() || match.size() > utf8_length(text.front()));
  }

  Pattern pattern_;
  std::string content_;
};

class ByteLevel : public Normalizer {
public:
  void apply(Stretch& stretch, WorkLimit&) const override {
    std::string mapped;
    mapped.reserve(stretch.text.size() * 2);
    append_as_byte_alphabet(mapped, stretch.text);
    stretch.text = std::move(mapped);
  }
};

class NormalizerSequence : public Normalizer {
public:
  explicit NormalizerSequence(const JsonNode& list) {
    for (std::size_t i = 0; i < step_count(list); ++i)
      steps_.push_back(make_normalizer(list[i]));
  }
  void apply(Stretch& stretch, WorkLimit& limit) const override {
    for (const auto& step : steps_) {
      step->apply(stretch, limit);
      limit.check_size(stretch.text.size());
    }
  }

private:
  std::vector<std::unique_ptr<Normalizer>> steps_;
};

}  // namespace

std::unique_ptr<Normalizer> make_normalizer(const JsonNode& node) {
  const std::string& type = node.at("type").as_string();
  if (type == "NFC")
    return std::make_unique<UnicodeNormalizer>(UnicodeForm::kNfc);
  if (type == "NFD")
    return std::make_unique<UnicodeNormalizer>(UnicodeForm::kNfd);
  if (type == "NFKC")
    return std::make_unique<UnicodeNormalizer>(UnicodeForm::kNfkc);
  if (type == "NFKD")
    return std::make_unique<UnicodeNormalizer>(UnicodeForm::kNfkd);
  if (type == "Lowercase")
    return std::make_unique<Lowercase>();
  if (type == "Nmt")
    return std::make_unique<Nmt>();
  if (type == "StripAccents")
    return std::make_unique<StripAccents>();
  if (type == "Strip")
    return std::make_unique<StripSpaces>(node);
  if (type == "Prepend")
    return std::make_unique<Prepend>(node.at("prepend").as_string());
  if (type == "Replace")
    return std::make_unique<Replace>(make_pattern(node.at("pattern")),
                                     node.at("content").as_string());
  if (type == "ByteLevel")
    return std::make_unique<ByteLevel>();
  if (type == "BertNormalizer")
    return make_bert_normalizer(node);
  if (type == "Precompiled")
    return make_precompiled_normalizer(node);
  if (type == "Sequence")
    return std::make_unique<NormalizerSequence>(node.at("normalizers"));
  throw Unsupported("tokenizer", "{}: the normalizer {} is not supported", node.path(),
                    in_quotes(type));
}

}  // namespace ashlar::tokenizer
