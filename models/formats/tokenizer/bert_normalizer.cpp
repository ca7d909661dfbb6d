// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/normalizer.h"
#include "models/formats/tokenizer/text_edit.h"
#include "models/formats/tokenizer/unicode.h"

namespace ashlar::tokenizer {
namespace {

class Bert : public Normalizer {
public:
  explicit Bert(const JsonNode& node)
      : clean_text_(node.bool_or("clean_text", true)),
        handle_chinese_chars_(node.bool_or("handle_chinese_chars", true)),
        lowercase_(node.bool_or("lowercase", true)),
        strip_accents_(node.bool_or("strip_accents", lowercase_)) {}

  void apply(Stretch& stretch, WorkLimit&) const override {
    if (clean_text_)
      clean(stretch);
    if (handle_chinese_chars_)
      map_characters(stretch, append_with_spaces_round_ideograph);
    if (strip_accents_) {
      stretch.text = to_normal_form(stretch.text, UnicodeForm::kNfd);
      filter_characters(stretch, [](char32_t c) { return !is_nonspacing_mark(c); });
    }
    if (lowercase_)
      map_characters(stretch, append_lowercase);
  }

private:
  static bool is_kept(char32_t c) {
    const bool is_plain_space = c == '\t' || c == '\n' || c == '\r';
    return c != 0 && c != 0xFFFD && (is_plain_space || !is_other(c));
  }

  static void clean(Stretch& stretch) {
    filter_characters(stretch, is_kept);
    map_characters(stretch, [](std::string& text, char32_t c) {
      append_code_point(text, is_whitespace(c) ? U' ' : c);
    });
  }

  // The blocks of CJK ideographs that BERT's vocabulary was made with.
  static bool is_ideograph(char32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
           (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
  }

  static void append_with_spaces_round_ideograph(std::string& text, char32_t c) {
    const bool spaced = is_ideograph(c);
    if (spaced)
      text += ' ';
    append_code_point(text, c);
    if (spaced)
      text += ' ';
  }

  bool clean_text_;
  bool handle_chinese_chars_;
  bool lowercase_;
  bool strip_accents_;
};

}  // namespace

std::unique_ptr<Normalizer> make_bert_normalizer(const JsonNode& node) {
  return std::make_unique<Bert>(node);
}

}  // namespace ashlar::tokenizer
