// SPDX-License-Identifier: Apache-2.0
// The recurrences against plain loops, token by token.
#include "models/nn/recurrence.h"

#include "runtime/array/ops.h"
#include "tests/support/reference_eval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace ashlar::nn {
namespace {

constexpr std::int64_t kBatch = 2, kGroups = 2, kHeads = 4, kKey = 8, kValue = 4;

struct Case {
  std::int64_t tokens;
  UpdateRule rule;
  bool alike = false;  // all keys are one unit vector, and nothing is forgotten
};

std::size_t at(std::initializer_list<std::pair<std::int64_t, std::int64_t>> extents) {
  std::int64_t linear = 0;
  for (const auto& [index, extent] : extents)
    linear = linear * extent + index;
  return static_cast<std::size_t>(linear);
}

struct Numbers {
  explicit Numbers(const Case& c) : tokens(c.tokens) {
    std::mt19937 generator(7);
    const auto draw = [&](std::int64_t count, double low, double high) {
      std::uniform_real_distribution<float> uniform(static_cast<float>(low),
                                                    static_cast<float>(high));
      std::vector<float> values(static_cast<std::size_t>(count));
      for (float& x : values)
        x = uniform(generator);
      return values;
    };
    query = draw(kBatch * tokens * kGroups * kKey, -1, 1);
    const double unit = 1 / std::sqrt(static_cast<double>(kKey));
    key = draw(kBatch * tokens * kGroups * kKey, c.alike ? unit : -unit, unit);
    value = draw(kBatch * tokens * kHeads * kValue, -1, 1);
    decay = draw(kBatch * tokens * kHeads, c.alike ? 0 : -2, 0);
    rate = draw(kBatch * tokens * kHeads, c.alike ? 1 : 0, 1);
    memory = draw(kBatch * kHeads * kValue * kKey, -1, 1);
  }

  RecurrenceInputs inputs() const {
    const auto as = [](const std::vector<float>& values, const Shape& shape) {
      return array(std::span<const float>(values), shape);
    };
    return {.query = as(query, {kBatch, tokens, kGroups, kKey}),
            .key = as(key, {kBatch, tokens, kGroups, kKey}),
            .value = as(value, {kBatch, tokens, kHeads, kValue}),
            .log_decay = as(decay, {kBatch, tokens, kHeads}),
            .rate = as(rate, {kBatch, tokens, kHeads})};
  }

  // Outputs of all tokens, then the memory.
  std::pair<std::vector<double>, std::vector<double>> expected(UpdateRule rule) const {
    std::vector<double> outputs(value.size()), now(memory.begin(), memory.end());
    for (std::int64_t b = 0; b < kBatch; ++b)
      for (std::int64_t h = 0; h < kHeads; ++h)
        for (std::int64_t t = 0; t < tokens; ++t)
          for (std::int64_t v = 0; v < kValue; ++v)
            outputs[at({{b, kBatch}, {t, tokens}, {h, kHeads}, {v, kValue}})] = advance(
                rule, b, t, h, v, &now[at({{b, kBatch}, {h, kHeads}, {v, kValue}, {0, kKey}})]);
    return {outputs, now};
  }

  // One token of one row S[v] of a head's memory.
  double advance(UpdateRule rule, std::int64_t b, std::int64_t t, std::int64_t h, std::int64_t v,
                 double* row) const {
    const std::size_t group =
        at({{b, kBatch}, {t, tokens}, {h / (kHeads / kGroups), kGroups}, {0, kKey}});
    const std::size_t head = at({{b, kBatch}, {t, tokens}, {h, kHeads}});
    double recalled = 0, output = 0;
    for (std::size_t k = 0; k < kKey; ++k) {
      row[k] *= std::exp(static_cast<double>(decay[head]));
      recalled += row[k] * key[group + k];
    }
    const double wanted = value[head * kValue + static_cast<std::size_t>(v)];
    const double change = rate[head] * (rule == UpdateRule::delta ? wanted - recalled : wanted);
    for (std::size_t k = 0; k < kKey; ++k) {
      row[k] += change * key[group + k];
      output += row[k] * query[group + k];
    }
    return output;
  }

  std::int64_t tokens;
  std::vector<float> query, key, value, decay, rate, memory;
};

double nmse(const std::vector<double>& actual, const std::vector<double>& expected) {
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += (actual.at(i) - expected[i]) * (actual[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  return error / norm;
}

class RecurrenceTest : public ::testing::TestWithParam<Case> {};

TEST_P(RecurrenceTest, IsTheSameTokenByToken) {
  const Numbers numbers(GetParam());
  const RecurrenceResult result = recur(numbers.inputs(),
                                        array(std::span<const float>(numbers.memory),
                                              {kBatch, kGroups, kHeads / kGroups, kValue, kKey}),
                                        GetParam().rule);
  const auto [outputs, memory] = numbers.expected(GetParam().rule);
  const auto values = testing::reference_values({result.output, result.memory});
  EXPECT_LE(nmse(values[0].reals, outputs), 1e-12);
  EXPECT_LE(nmse(values[1].reals, memory), 1e-12);
}

// 70 tokens are two whole chunks and a part of one.
INSTANTIATE_TEST_SUITE_P(Lengths, RecurrenceTest,
                         ::testing::Values(Case{1, UpdateRule::delta},
                                           Case{1, UpdateRule::additive},
                                           Case{2, UpdateRule::delta}, Case{7, UpdateRule::delta},
                                           Case{7, UpdateRule::additive},
                                           Case{32, UpdateRule::delta}, Case{70, UpdateRule::delta},
                                           Case{70, UpdateRule::additive},
                                           Case{64, UpdateRule::delta, true}));

}  // namespace
}  // namespace ashlar::nn
