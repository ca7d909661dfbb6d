// SPDX-License-Identifier: Apache-2.0
// Draws on the device against the whole chain in double precision on the host.
#include "models/compile/sampler.h"

#include "models/generate/sampler_values.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <numeric>
#include <random>

namespace ashlar {
namespace {

struct Settings {
  double temperature = 1;
  int top_k = 0;
  double top_p = 1;
  double min_p = 0;
};

using Logits = std::vector<float>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A token that may be drawn, in the order of the inverse distribution.
struct Candidate {
  int token;
  double begin, end;  // of its part of [0, 1)
};

// Temperature, top-k, top-p and min-p as Hugging Face defines them; equal logits in the order of
// their indices. The distribution runs over the kept tokens in the order of their indices, but
// those with the least logit that top-k and top-p keep come last.
std::vector<Candidate> candidates(const Logits& logits, const Settings& settings) {
  std::vector<int> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto logit = [&](int token) { return logits[static_cast<std::size_t>(token)]; };
  std::ranges::sort(order, {}, [&](int token) { return std::pair(-logit(token), token); });
  const double largest = logit(order[0]);
  const auto weight = [&](int token) {
    return logit(token) == largest ? 1.0
                                   : std::exp((logit(token) - largest) / settings.temperature);
  };
  if (settings.top_k > 0)
    order.resize(std::min(order.size(), static_cast<std::size_t>(settings.top_k)));
  double sum = 0, before = 0;
  for (int token : order)
    sum += weight(token);
  std::size_t kept = 0;
  while (kept < order.size() && (kept == 0 || before < settings.top_p * sum))
    before += weight(order[kept++]);
  order.resize(kept);
  const float last = logit(order.back());
  std::erase_if(order, [&](int token) { return weight(token) < settings.min_p; });
  sum = 0;
  for (int token : order)
    sum += weight(token);
  std::ranges::sort(order, {}, [&](int token) { return std::pair(logit(token) == last, token); });
  std::vector<Candidate> result;
  double at = 0;
  for (int token : order) {
    result.push_back({token, at, at + weight(token) / sum});
    at = result.back().end;
  }
  return result;
}

// One draw for each random word.
std::vector<std::int32_t> draw(const Logits& logits, const Settings& settings,
                               const std::vector<std::uint32_t>& random) {
  const auto rows = static_cast<std::int64_t>(random.size());
  const auto vocabulary = static_cast<std::int64_t>(logits.size());
  const auto every_row = [&](auto value) { return array({value}, {1, 1}); };
  const auto spread = [&](auto value) { return broadcast_to(every_row(value), {rows, 1}); };
  const Array one_row = array(std::span<const float>(logits), {1, vocabulary});
  const std::int32_t k =
      settings.top_k > 0 ? settings.top_k : static_cast<std::int32_t>(vocabulary);
  return draw_tokens(broadcast_to(one_row, {rows, vocabulary}),
                     {.inverse_temperature = spread(static_cast<float>(1 / settings.temperature)),
                      .top_k = spread(k),
                      .top_p = spread(static_cast<float>(settings.top_p)),
                      .last_rank = spread(rank_of_min_p(settings.min_p)),
                      .random = array(std::span<const std::uint32_t>(random), {rows, 1})})
      .to_vector<std::int32_t>();
}

// Evenly spaced words, the first and the last included.
std::vector<std::uint32_t> grid(std::uint32_t count) {
  std::vector<std::uint32_t> words;
  for (std::uint32_t i = 0; i < count; ++i)
    words.push_back(static_cast<std::uint32_t>(0xFFFFFFFFULL * i / (count - 1)));
  return words;
}

// Every draw is the candidate whose part the word falls into, and every candidate with a part that
// no gap of the grid can hide is drawn.
void expect_agreement(const Logits& logits, const Settings& settings, std::uint32_t count = 257) {
  SCOPED_TRACE(fmt::format("{} logits, temperature {}, top-k {}, top-p {}, min-p {}", logits.size(),
                           settings.temperature, settings.top_k, settings.top_p, settings.min_p));
  constexpr double kTolerance = 2e-6;
  const std::vector<Candidate> expected = candidates(logits, settings);
  const std::vector<std::uint32_t> words = grid(count);
  const std::vector<std::int32_t> drawn = draw(logits, settings, words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const double u = words[i] * 0x1p-32;
    const auto it = std::ranges::find(expected, drawn[i], &Candidate::token);
    ASSERT_NE(it, expected.end()) << "token " << drawn[i] << " was drawn for " << u;
    EXPECT_GE(u, it->begin - kTolerance) << drawn[i];
    EXPECT_LE(u, it->end + kTolerance) << drawn[i];
  }
  for (const Candidate& candidate : expected)
    if (candidate.end - candidate.begin > 1.0 / (count - 1) + kTolerance)
      EXPECT_THAT(drawn, testing::Contains(candidate.token));
}

Logits random_logits(std::size_t count, unsigned seed, double spread = 4) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(0, spread);
  Logits logits(count);
  for (float& logit : logits)
    logit = static_cast<float>(normal(generator));
  return logits;
}

TEST(Sampler, AgreesWithTheHostOnRandomLogits) {
  for (std::size_t count : {1, 2, 37, 1024}) {
    const Logits logits = random_logits(count, static_cast<unsigned>(count));
    for (const Settings& settings :
         {Settings{}, Settings{.temperature = 0.5}, Settings{.top_k = 1}, Settings{.top_k = 7},
          Settings{.top_p = 0.9}, Settings{.top_p = 0}, Settings{.top_p = 1e-6},
          Settings{.min_p = 0.05}, Settings{.min_p = 1},
          Settings{.temperature = 2, .top_k = 20, .top_p = 0.8, .min_p = 0.02},
          Settings{.temperature = 1.5, .top_k = 5, .top_p = 0.99}})
      expect_agreement(logits, settings);
  }
}

TEST(Sampler, PutsEqualLogitsInTheOrderOfTheirIndices) {
  Logits logits(300, 1.5F);
  for (const Settings& settings :
       {Settings{}, Settings{.top_k = 1}, Settings{.top_k = 10}, Settings{.top_p = 0.5},
        Settings{.top_p = 0.999}, Settings{.min_p = 1}})
    expect_agreement(logits, settings);
  // The cut goes through a run of equals below others.
  for (std::size_t i : {7, 100, 299})
    logits[i] = 3;
  for (const Settings& settings :
       {Settings{.top_k = 3}, Settings{.top_k = 5}, Settings{.top_p = 0.3}, Settings{.top_k = 2},
        Settings{.temperature = 0.25, .top_p = 0.95}, Settings{.top_k = 40, .min_p = 0.3}})
    expect_agreement(logits, settings);
}

TEST(Sampler, NeverDrawsWhatIsImpossible) {
  Logits logits = random_logits(100, 5);
  for (std::size_t i = 0; i < logits.size(); i += 2)
    logits[i] = -kInfinity;
  expect_agreement(logits, {});
  expect_agreement(logits, {.top_k = 80, .top_p = 0.9});
  expect_agreement(logits, {.temperature = 1e-9});
  expect_agreement(logits, {.temperature = 100});
  logits[31] = kInfinity;
  EXPECT_THAT(draw(logits, {}, grid(9)), testing::Each(31));
  // Nothing tells these apart.
  expect_agreement(Logits(10, -kInfinity), {.top_k = 4});
}

TEST(Sampler, AnswersNanWithSomeToken) {
  Logits logits = random_logits(100, 6);
  logits[50] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(draw(logits, {}, grid(5)),
              testing::Each(testing::AllOf(testing::Ge(0), testing::Lt(100))));
}

// Longer rows are divided among workgroups, and no kernel may pass the loop limit of CPU drivers.
TEST(Sampler, AgreesWithTheHostOnLargeVocabularies) {
  for (std::size_t count : {8191, 8192, 151'936}) {
    const Logits logits = random_logits(count, static_cast<unsigned>(count), 2);
    expect_agreement(logits, {.temperature = 1.5, .top_p = 0.9}, 2);
    expect_agreement(logits, {.top_k = 50, .top_p = 0.95, .min_p = 0.01}, 2);
  }
  expect_agreement(Logits(262'144, 0.0F), {.top_k = 200'000, .top_p = 0.75}, 2);
}

TEST(Sampler, RefusesVocabulariesWhoseWeightsWouldOverflow) {
  EXPECT_THAT([] { draw(Logits(std::size_t{1} << 19, 0.0F), {}, {0}); },
              testing::ThrowsMessage<Unsupported>(testing::HasSubstr("at most 524287")));
}

// Pearson's test: chi-squared with 15 degrees of freedom passes 44.3 once in ten thousand runs, and
// these draws never change.
TEST(Sampler, DrawsAsOftenAsTheLogitsSay) {
  const Logits logits = random_logits(16, 11, 1);
  constexpr std::uint32_t kDraws = 20'000;
  const std::vector<std::uint32_t> words =
      random::bits(random::key(3), {kDraws}).to_vector<std::uint32_t>();
  std::vector<double> counts(logits.size(), 0);
  for (std::int32_t token : draw(logits, {.temperature = 1.3}, words))
    counts[static_cast<std::size_t>(token)] += 1;
  double statistic = 0;
  for (const Candidate& candidate : candidates(logits, {.temperature = 1.3})) {
    const double expected = (candidate.end - candidate.begin) * kDraws;
    const double difference = counts[static_cast<std::size_t>(candidate.token)] - expected;
    statistic += difference * difference / expected;
  }
  EXPECT_LT(statistic, 44.3);
}

TEST(Sampler, HandsEachRowItsOwnSettings) {
  const Logits logits = random_logits(64, 21);
  const Array two = broadcast_to(array(std::span<const float>(logits), {1, 64}), {2, 64});
  const std::vector<std::int32_t> drawn =
      draw_tokens(two, {.inverse_temperature = array({1.0F, 10.0F}, {2, 1}),
                        .top_k = array({1, 64}, {2, 1}),
                        .top_p = array({1.0F, 1.0F}, {2, 1}),
                        .last_rank = array({rank_of_min_p(0), rank_of_min_p(0)}, {2, 1}),
                        .random = array({0xFFFFFFFFU, 0xFFFFFFFFU}, {2, 1})})
          .to_vector<std::int32_t>();
  EXPECT_EQ(drawn[0], candidates(logits, {.top_k = 1}).front().token);
  EXPECT_EQ(drawn[1], draw(logits, {.temperature = 0.1}, {0xFFFFFFFFU}).front());
}

TEST(Sampler, PenalisesSeenTokensByTheirSign) {
  const Array logits = array({2.0F, -2.0F, 3.0F, -3.0F, 0.0F}, {1, 5});
  const Array seen = array<bool>({true, true, false, false, true}, {1, 5});
  EXPECT_THAT(penalize(logits, seen, array({2.0F}, {1, 1})).to_vector<float>(),
              testing::ElementsAre(1, -4, 3, -3, 0));
  EXPECT_THAT(penalize(logits, seen, array({0.5F}, {1, 1})).to_vector<float>(),
              testing::ElementsAre(4, -1, 3, -3, 0));
}

}  // namespace
}  // namespace ashlar
