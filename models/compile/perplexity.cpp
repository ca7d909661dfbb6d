// SPDX-License-Identifier: Apache-2.0
#include "models/compile/perplexity.h"

#include "models/generate/open_model.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace ashlar {
namespace {

double negative_log_likelihood(std::span<const float> logits, std::int32_t id) {
  const double largest = *std::ranges::max_element(logits);
  double total = 0;
  for (float logit : logits)
    total += std::exp(logit - largest);
  return std::log(total) + largest - logits[static_cast<std::size_t>(id)];
}

}  // namespace

TextLoss next_token_loss(const NamedTensor& logits,
                         const std::vector<std::vector<std::int32_t>>& rows) {
  const auto length = static_cast<std::size_t>(logits.shape.dim(1));
  const auto vocabulary = static_cast<std::size_t>(logits.shape.dim(2));
  double sum = 0;
  std::int64_t tokens = 0;
  for (std::size_t b = 0; b < rows.size(); ++b)
    for (std::size_t t = 0; t + 1 < rows[b].size(); ++t, ++tokens)
      sum += negative_log_likelihood(
          std::span(logits.values).subspan((b * length + t) * vocabulary, vocabulary),
          rows[b][t + 1]);
  return {tokens > 0 ? sum / static_cast<double>(tokens) : 0, tokens};
}

TextLoss text_loss(const std::filesystem::path& model, const std::vector<std::int32_t>& ids,
                   std::int64_t context, const LogitsOptions& options) {
  if (ids.size() < 2 || context < 2)
    throw InvalidArgument("perplexity", "needs at least two tokens of text and of context");
  const auto window = std::min(context, static_cast<std::int64_t>(ids.size()));
  LogitsModel scorer(open_model(model), 1, window, options);
  TextLoss all;
  for (std::size_t at = 0; at + 2 <= ids.size(); at += static_cast<std::size_t>(window)) {
    if (options.progress)
      options.progress(fmt::format("scoring, token {} of {}", at, ids.size()));
    const auto first = ids.begin() + static_cast<std::ptrdiff_t>(at);
    const std::vector<std::vector<std::int32_t>> rows{
        {first, first + std::min<std::ptrdiff_t>(window, ids.end() - first)}};
    const TextLoss part = next_token_loss(scorer.run(rows).front(), rows);
    all.mean += part.mean * static_cast<double>(part.tokens);
    all.tokens += part.tokens;
  }
  all.mean /= static_cast<double>(all.tokens);
  return all;
}

}  // namespace ashlar
