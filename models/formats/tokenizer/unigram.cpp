// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/unigram.h"

#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ashlar::tokenizer {
namespace {

constexpr double kUnknownPenalty = 10.0;

double worst_of(const std::vector<double>& scores) {
  const auto worst = std::ranges::min_element(scores);
  return worst == scores.end() ? std::numeric_limits<double>::infinity() : *worst;
}

}  // namespace

Unigram::Pieces::Pieces(const JsonNode& list) {
  const std::size_t count = list.size();
  if (count > static_cast<std::size_t>(kMaxTokenCount))
    list.reject("{} tokens: at most {} are allowed", count, kMaxTokenCount);
  scores.reserve(count);
  // A node for each entry, with its path, would take longer than all the rest.
  for (std::size_t i = 0; i < count; ++i) {
    const Json& entry = list.value()[i];
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
      list[i].fail("a token and its score");
    vocabulary.add(list, entry[0].get_ref<const std::string&>(), static_cast<std::int32_t>(i));
    scores.push_back(entry[1].get<double>());
  }
}

Unigram::Unigram(const JsonNode& node) : Unigram(node, Pieces(node.at("vocab"))) {}

Unigram::Unigram(const JsonNode& node, Pieces pieces)
    : Model(std::move(pieces.vocabulary)), scores_(std::move(pieces.scores)),
      unknown_score_(worst_of(scores_) - kUnknownPenalty),
      falls_back_to_bytes_(node.bool_or("byte_fallback", false)) {
  if (const auto unknown = node.find("unk_id"))
    unknown_id_ = static_cast<std::int32_t>(
        unknown->as_index(static_cast<std::int64_t>(std::max<std::size_t>(scores_.size(), 1))));
  vocabulary().for_each(
      [this](std::string_view token, std::int32_t id) { tree_.insert(token, id); });
}

void Unigram::encode(std::string_view piece, WorkLimit& limit,
                     std::vector<std::int32_t>& ids) const {
  const std::vector<Span> tokens = path(best_steps(piece, limit));
  for (auto token = tokens.rbegin(); token != tokens.rend(); ++token)
    append_ids(token->in(piece), ids);
}

std::vector<Unigram::Step> Unigram::best_steps(std::string_view piece, WorkLimit& limit) const {
  std::vector<Step> steps(piece.size() + 1);
  for (std::size_t begin = 0; begin < piece.size();) {
    limit.count_unit();
    const double score = steps[begin].score;
    const auto offer = [&](std::size_t end, double candidate, std::int32_t id) {
      if (steps[end].id < 0 || candidate > steps[end].score)
        steps[end] = {candidate, id, begin};
    };
    const std::size_t next = begin + utf8_length(piece[begin]);
    bool is_known = false;
    tree_.for_each_at(piece, begin, [&](const PrefixTree::Match& match) {
      const double token_score = scores_[static_cast<std::size_t>(match.value)];
      offer(match.span.end, score + token_score, match.value);
      is_known = is_known || match.span.end == next;
    });
    if (!is_known)
      offer(next, score + unknown_score_, unknown_id());
    begin = next;
  }
  return steps;
}

std::vector<Span> Unigram::path(const std::vector<Step>& steps) const {
  std::vector<Span> tokens;
  bool joins = false;
  for (std::size_t end = steps.size() - 1; end > 0; end = steps[end].begin) {
    const bool is_unknown = steps[end].id == unknown_id_;
    if (is_unknown && joins)
      tokens.back().begin = steps[end].begin;
    else
      tokens.push_back({steps[end].begin, end});
    joins = is_unknown;
  }
  return tokens;
}

void Unigram::append_ids(std::string_view token, std::vector<std::int32_t>& ids) const {
  if (const auto id = vocabulary().id_of(token))
    ids.push_back(*id);
  else if (!falls_back_to_bytes_ || !append_bytes(token, ids))
    ids.push_back(unknown_id());
}

std::int32_t Unigram::unknown_id() const {
  if (!unknown_id_)
    throw FormatError("tokenizer", "model.unk_id: the text has characters that no token covers");
  return *unknown_id_;
}

}  // namespace ashlar::tokenizer
