// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/pre_tokenizer.h"

#include "models/formats/tokenizer/byte_alphabet.h"
#include "models/formats/tokenizer/metaspace.h"
#include "models/formats/tokenizer/pattern.h"
#include "models/formats/tokenizer/piece_edit.h"
#include "models/formats/tokenizer/unicode.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <optional>
#include <utility>

namespace ashlar::tokenizer {
namespace {

// The expression that GPT-2 splits by.
constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

constexpr std::int64_t kMaxFixedLength = 1 << 20;

class SplitAtPattern : public PreTokenizer {
public:
  explicit SplitAtPattern(const JsonNode& node)
      : pattern_(make_pattern(node.at("pattern"))),
        behavior_(parse_split_behavior(node.at("behavior"))),
        invert_(node.bool_or("invert", false)) {}

  void apply(PieceList& list, WorkLimit& limit) const override {
    split_pieces(
        list, [&](std::string_view piece) { return pattern_.find_all(piece, limit); }, behavior_,
        invert_);
  }

private:
  Pattern pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

class ByteLevel : public PreTokenizer {
public:
  explicit ByteLevel(const JsonNode& node)
      : adds_prefix_space_(node.bool_or("add_prefix_space", true)) {
    if (node.bool_or("use_regex", true))
      regex_.emplace(kGpt2Pattern);
  }

  void apply(PieceList& list, WorkLimit& limit) const override {
    if (adds_prefix_space_)
      rewrite_pieces(list, append_with_prefix_space);
    if (regex_)
      split_pieces(
          list, [&](std::string_view piece) { return regex_->find_all(piece, limit); },
          SplitBehavior::kIsolated, false);
    rewrite_pieces(list, [](std::string& text, std::string_view piece, bool) {
      append_as_byte_alphabet(text, piece);
    });
  }

private:
  static void append_with_prefix_space(std::string& text, std::string_view piece, bool) {
    if (!piece.starts_with(' '))
      text += ' ';
    text += piece;
  }

  bool adds_prefix_space_;
  std::optional<Regex> regex_;
};

class Metaspace : public PreTokenizer {
public:
  explicit Metaspace(const JsonNode& node)
      : options_(parse_metaspace(node)), splits_(node.bool_or("split", true)) {}

  void apply(PieceList& list, WorkLimit&) const override {
    rewrite_pieces(list, [&](std::string& text, std::string_view piece, bool at_start) {
      append(text, piece, at_start);
    });
    if (splits_)
      split_pieces(
          list,
          [&](std::string_view piece) {
            return find_characters(piece, [&](char32_t c) { return c == options_.replacement; });
          },
          SplitBehavior::kMergedWithNext, false);
  }

private:
  void append(std::string& text, std::string_view piece, bool at_start) const {
    const std::string mark = to_utf8(options_.replacement);
    const bool may_prepend = options_.scheme == PrependScheme::kAlways ||
                             (options_.scheme == PrependScheme::kFirst && at_start);
    if (may_prepend && !piece.starts_with(' ') && !piece.starts_with(mark))
      text += mark;
    for (const char c : piece) {
      if (c == ' ')
        text += mark;
      else
        text += c;
    }
  }

  MetaspaceOptions options_;
  bool splits_;
};

// Cuts at single characters of a class.
class SplitAtClass : public PreTokenizer {
public:
  SplitAtClass(bool (*belongs)(char32_t), SplitBehavior behavior)
      : belongs_(belongs), behavior_(behavior) {}

  void apply(PieceList& list, WorkLimit&) const override {
    split_pieces(
        list, [&](std::string_view piece) { return find_characters(piece, belongs_); }, behavior_,
        false);
  }

private:
  bool (*belongs_)(char32_t);
  SplitBehavior behavior_;
};

class SplitAtCharacter : public PreTokenizer {
public:
  explicit SplitAtCharacter(char32_t delimiter) : delimiter_(delimiter) {}

  void apply(PieceList& list, WorkLimit&) const override {
    split_pieces(
        list,
        [this](std::string_view piece) {
          return find_characters(piece, [this](char32_t c) { return c == delimiter_; });
        },
        SplitBehavior::kRemoved, false);
  }

private:
  char32_t delimiter_;
};

// Pieces of the same number of characters; the last may be shorter.
class FixedLength : public PreTokenizer {
public:
  explicit FixedLength(std::size_t length) : length_(length) {}

  void apply(PieceList& list, WorkLimit&) const override {
    split_pieces(
        list, [this](std::string_view piece) { return find_runs(piece); }, SplitBehavior::kIsolated,
        false);
  }

private:
  std::vector<Span> find_runs(std::string_view text) const {
    std::vector<Span> runs;
    std::size_t count = 0;
    for (std::size_t offset = 0; offset < text.size(); ++count) {
      if (count % length_ == 0)
        runs.push_back({offset, offset});
      offset += utf8_length(text[offset]);
      runs.back().end = offset;
    }
    return runs;
  }

  std::size_t length_;
};

// Keeps runs of word characters and runs of what is neither word nor white space.
class WordRuns : public PreTokenizer {
public:
  void apply(PieceList& list, WorkLimit&) const override {
    split_pieces(list, find_runs, SplitBehavior::kRemoved, true);
  }

private:
  enum class Kind { kSpace, kWord, kOther };

  static Kind kind_of(char32_t c) {
    return is_word(c) ? Kind::kWord : is_whitespace(c) ? Kind::kSpace : Kind::kOther;
  }

  static std::vector<Span> find_runs(std::string_view text) {
    std::vector<Span> runs;
    Kind last = Kind::kSpace;
    for (std::size_t offset = 0; offset < text.size();) {
      const std::size_t begin = offset;
      const Kind kind = kind_of(next_code_point(text, offset));
      if (kind != Kind::kSpace && kind == last)
        runs.back().end = offset;
      else if (kind != Kind::kSpace)
        runs.push_back({begin, offset});
      last = kind;
    }
    return runs;
  }
};

class PreTokenizerSequence : public PreTokenizer {
public:
  void add(std::unique_ptr<PreTokenizer> step) { steps_.push_back(std::move(step)); }
  void apply(PieceList& list, WorkLimit& limit) const override {
    for (const auto& step : steps_) {
      step->apply(list, limit);
      limit.check_size(list.text.size());
    }
  }

private:
  std::vector<std::unique_ptr<PreTokenizer>> steps_;
};

std::unique_ptr<PreTokenizer> make_class_split(bool (*belongs)(char32_t), SplitBehavior behavior) {
  return std::make_unique<SplitAtClass>(belongs, behavior);
}

std::unique_ptr<PreTokenizer> make_digits(const JsonNode& node) {
  const bool individual = node.bool_or("individual_digits", false);
  return make_class_split(is_numeric,
                          individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous);
}

std::unique_ptr<PreTokenizer> make_punctuation(const JsonNode& node) {
  const auto behavior = node.find("behavior");
  return make_class_split(is_punctuation,
                          behavior ? parse_split_behavior(*behavior) : SplitBehavior::kIsolated);
}

std::unique_ptr<PreTokenizer> make_fixed_length(const JsonNode& node) {
  constexpr std::int64_t kDefaultLength = 5;
  const auto length = node.find("length");
  const std::int64_t count = length ? length->as_index(kMaxFixedLength + 1) : kDefaultLength;
  if (count == 0)
    length->fail("at least one character");
  return std::make_unique<FixedLength>(static_cast<std::size_t>(count));
}

std::unique_ptr<PreTokenizer> make_bert() {
  auto sequence = std::make_unique<PreTokenizerSequence>();
  sequence->add(make_class_split(is_whitespace, SplitBehavior::kRemoved));
  sequence->add(make_class_split(is_punctuation, SplitBehavior::kIsolated));
  return sequence;
}

std::unique_ptr<PreTokenizer> make_sequence(const JsonNode& list) {
  auto sequence = std::make_unique<PreTokenizerSequence>();
  for (std::size_t i = 0; i < step_count(list); ++i)
    sequence->add(make_pre_tokenizer(list[i]));
  return sequence;
}

}  // namespace

PieceList::PieceList(Stretch stretch) : text(std::move(stretch.text)), at_start(stretch.at_start) {
  if (!text.empty())
    pieces.push_back({0, text.size()});
}

std::unique_ptr<PreTokenizer> make_pre_tokenizer(const JsonNode& node) {
  const std::string& type = node.at("type").as_string();
  if (type == "Split")
    return std::make_unique<SplitAtPattern>(node);
  if (type == "ByteLevel")
    return std::make_unique<ByteLevel>(node);
  if (type == "Metaspace")
    return std::make_unique<Metaspace>(node);
  if (type == "Digits")
    return make_digits(node);
  if (type == "Punctuation")
    return make_punctuation(node);
  if (type == "Whitespace")
    return std::make_unique<WordRuns>();
  if (type == "WhitespaceSplit")
    return make_class_split(is_whitespace, SplitBehavior::kRemoved);
  if (type == "CharDelimiterSplit")
    return std::make_unique<SplitAtCharacter>(node.at("delimiter").as_character());
  if (type == "FixedLength")
    return make_fixed_length(node);
  if (type == "BertPreTokenizer")
    return make_bert();
  if (type == "Sequence")
    return make_sequence(node.at("pretokenizers"));
  throw Unsupported("tokenizer", "{}: the pre-tokenizer {} is not supported", node.path(),
                    in_quotes(type));
}

}  // namespace ashlar::tokenizer
