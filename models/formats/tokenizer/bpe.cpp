// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/bpe.h"

#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <limits>
#include <queue>
#include <utility>

namespace ashlar::tokenizer {
namespace {

constexpr std::int32_t kNone = -1;

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return (std::uint64_t{static_cast<std::uint32_t>(left)} << 32) |
         static_cast<std::uint32_t>(right);
}

// The two tokens of a merge, written `"a b"` or `["a", "b"]`; nothing if it is neither.
std::optional<std::pair<std::string_view, std::string_view>> merge_tokens(const Json& merge) {
  if (merge.is_string()) {
    const std::string_view line = merge.get_ref<const std::string&>();
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
      return std::nullopt;
    return std::pair(line.substr(0, space), line.substr(space + 1));
  }
  if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string())
    return std::nullopt;
  return std::pair<std::string_view, std::string_view>(merge[0].get_ref<const std::string&>(),
                                                       merge[1].get_ref<const std::string&>());
}

bool is_version_line(const Json& merge) {
  return merge.is_string() && merge.get_ref<const std::string&>().starts_with("#version");
}

}  // namespace

// The symbols of a piece as a doubly linked list in an array: a merge keeps the left one.
class Bpe::Word {
public:
  Word(const Bpe& model, const std::vector<std::int32_t>& ids) : model_(model) {
    symbols_.reserve(ids.size());
    const auto count = static_cast<std::int32_t>(ids.size());
    for (std::int32_t i = 0; i < count; ++i)
      symbols_.push_back({ids[static_cast<std::size_t>(i)], i - 1, i + 1 < count ? i + 1 : kNone});
  }

  void merge_all() {
    for (std::int32_t i = 0; i + 1 < static_cast<std::int32_t>(symbols_.size()); ++i)
      push_candidate(i);
    while (!candidates_.empty()) {
      const Candidate top = candidates_.top();
      candidates_.pop();
      if (is_current(top))
        join(top);
    }
  }

  void append_ids(std::vector<std::int32_t>& ids) const {
    for (const Symbol& symbol : symbols_)
      if (symbol.id != kNone)
        ids.push_back(symbol.id);
  }

private:
  struct Symbol {
    std::int32_t id;  // kNone once it is merged into its left neighbour
    std::int32_t previous;
    std::int32_t next;
  };

  struct Candidate {
    std::int32_t rank;
    std::int32_t position;
    std::int32_t id;

    // Orders the queue: lowest rank first, then leftmost.
    friend bool operator<(const Candidate& a, const Candidate& b) {
      return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
    }
  };

  Symbol& at(std::int32_t position) { return symbols_[static_cast<std::size_t>(position)]; }

  const Merge* merge_at(std::int32_t position) {
    const Symbol& left = at(position);
    if (left.id == kNone || left.next == kNone)
      return nullptr;
    return model_.find_merge(left.id, at(left.next).id);
  }

  void push_candidate(std::int32_t position) {
    if (const Merge* merge = merge_at(position))
      candidates_.push({merge->rank, position, merge->id});
  }

  // Earlier merges may have changed either symbol since the candidate was found.
  bool is_current(const Candidate& candidate) {
    const Merge* merge = merge_at(candidate.position);
    return merge && merge->id == candidate.id;
  }

  void join(const Candidate& candidate) {
    Symbol& left = at(candidate.position);
    Symbol& right = at(left.next);
    left.id = candidate.id;
    left.next = right.next;
    right.id = kNone;
    if (left.next != kNone)
      at(left.next).previous = candidate.position;
    if (left.previous != kNone)
      push_candidate(left.previous);
    push_candidate(candidate.position);
  }

  const Bpe& model_;
  std::vector<Symbol> symbols_;
  std::priority_queue<Candidate> candidates_;
};

Bpe::Bpe(const JsonNode& node)
    : Model(Vocabulary(node.at("vocab"))), prefix_(node.string_or("continuing_subword_prefix", "")),
      suffix_(node.string_or("end_of_word_suffix", "")),
      fuses_unknown_(node.bool_or("fuse_unk", false)),
      falls_back_to_bytes_(node.bool_or("byte_fallback", false)),
      ignores_merges_(node.bool_or("ignore_merges", false)) {
  if (const auto unknown = node.find("unk_token"))
    unknown_token_ = unknown->as_string();
  if (const auto dropout = node.find("dropout"); dropout && dropout->value() != 0.0)
    throw Unsupported("tokenizer", "{}: dropout {} is not supported, encoding is deterministic",
                      dropout->path(), dropout->value().dump());
  load_merges(node.at("merges"));
}

void Bpe::load_merges(const JsonNode& merges) {
  const std::size_t count = merges.size();
  if (count > static_cast<std::size_t>(kMaxTokenCount))
    merges.reject("{} merges: at most {} are allowed", count, kMaxTokenCount);
  merges_.reserve(count);
  std::int32_t rank = 0;
  // A node for each merge, with its path, would take longer than all the rest.
  for (std::size_t i = 0; i < count; ++i) {
    const Json& merge = merges.value()[i];
    if (is_version_line(merge))
      continue;
    const auto tokens = merge_tokens(merge);
    if (!tokens)
      merges[i].fail("two tokens, as a list or with one space between them");
    if (const auto problem = add_merge(tokens->first, tokens->second, rank++))
      merges[i].reject("{}", *problem);
  }
}

std::optional<std::string> Bpe::add_merge(std::string_view left, std::string_view right,
                                          std::int32_t rank) {
  if (!right.starts_with(prefix_))
    return fmt::format("token {} does not begin with the prefix {}", in_quotes(right),
                       in_quotes(prefix_));
  const std::string joined = std::string(left) + std::string(right.substr(prefix_.size()));
  for (const std::string_view token : {left, right, std::string_view(joined)})
    if (!vocabulary().id_of(token))
      return fmt::format("token {} is not in the vocabulary", in_quotes(token));
  merges_.insert_or_assign(pair_key(*vocabulary().id_of(left), *vocabulary().id_of(right)),
                           Merge{rank, *vocabulary().id_of(joined)});
  return std::nullopt;
}

void Bpe::encode(std::string_view piece, WorkLimit&, std::vector<std::int32_t>& ids) const {
  if (piece.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw InvalidArgument("tokenizer", "a piece of {} bytes is too long", piece.size());
  if (ignores_merges_)
    if (const auto id = vocabulary().id_of(piece)) {
      ids.push_back(*id);
      return;
    }
  Word word(*this, initial_ids(piece));
  word.merge_all();
  word.append_ids(ids);
}

std::vector<std::int32_t> Bpe::initial_ids(std::string_view piece) const {
  std::vector<std::int32_t> ids;
  ids.reserve(piece.size());
  bool is_unknown_pending = false;
  const auto append_pending = [&] {
    if (is_unknown_pending)
      ids.push_back(require_id(*unknown_token_, "unk_token"));
    is_unknown_pending = false;
  };
  std::string symbol;
  for (std::size_t offset = 0; offset < piece.size();) {
    const std::size_t length = utf8_length(piece[offset]);
    symbol.assign(offset == 0 ? "" : prefix_).append(piece.substr(offset, length));
    offset += length;
    if (offset == piece.size())
      symbol += suffix_;
    if (const auto id = vocabulary().id_of(symbol)) {
      append_pending();
      ids.push_back(*id);
    } else if (falls_back_to_bytes_ && append_bytes(symbol, ids)) {
      // A pending unknown waits for a character of the vocabulary, as in the reference.
      continue;
    } else if (unknown_token_) {
      if (!fuses_unknown_)
        append_pending();
      is_unknown_pending = true;
    }
  }
  append_pending();
  return ids;
}

const Bpe::Merge* Bpe::find_merge(std::int32_t left, std::int32_t right) const {
  const auto entry = merges_.find(pair_key(left, right));
  return entry == merges_.end() ? nullptr : &entry->second;
}

}  // namespace ashlar::tokenizer
