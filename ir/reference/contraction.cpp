// SPDX-License-Identifier: Apache-2.0
#include "ir/reference/operations.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ashlar::reference {
namespace {

// Score of one query row against the key in one cache row, before masking.
double attention_score(const Tensor& query, std::int64_t q, const Tensor& key, std::int64_t k,
                       std::int64_t depth, const Attributes& attributes) {
  double sum = 0;
  for (std::int64_t d = 0; d < depth; ++d)
    sum +=
        query.reals[static_cast<std::size_t>(q + d)] * key.reals[static_cast<std::size_t>(k + d)];
  sum *= attributes.real("scale");
  const double cap = attributes.real("softcap");
  return cap > 0 ? cap * std::tanh(sum / cap) : sum;
}

struct KeyRange {
  std::int64_t begin, end;  // logical key positions
};

KeyRange visible_keys(std::int64_t position, std::int64_t length, const Attributes& attributes) {
  const std::int64_t window = attributes.integer("window");
  const std::int64_t end = attributes.boolean("causal") ? std::min(length, position + 1) : length;
  return {window > 0 ? std::max<std::int64_t>(0, position - window + 1) : 0, end};
}

}  // namespace

void evaluate_matmul(Operands operands, const Attributes& attributes, Tensor& result) {
  const Tensor &lhs = operands[0], &rhs = operands[1];
  const bool transposed = attributes.boolean("transpose_rhs");
  const std::int64_t m = lhs.type.shape.dim(-2), k = lhs.type.shape.dim(-1),
                     n = result.type.shape.dim(-1);
  const std::int64_t batches = m * n == 0 ? 0 : result.size() / (m * n);
  const bool shared_rhs = rhs.type.shape.rank() == 2;
  for (std::int64_t b = 0; b < batches; ++b)
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        double real = 0;
        std::uint64_t integer = 0;
        for (std::int64_t x = 0; x < k; ++x) {
          const auto l = static_cast<std::size_t>((b * m + i) * k + x);
          const auto r = static_cast<std::size_t>((shared_rhs ? 0 : b * k * n) +
                                                  (transposed ? j * k + x : x * n + j));
          if (lhs.is_real())
            real += lhs.reals[l] * rhs.reals[r];
          else
            integer += static_cast<std::uint64_t>(lhs.integers[l]) *
                       static_cast<std::uint64_t>(rhs.integers[r]);
        }
        const auto to = static_cast<std::size_t>((b * m + i) * n + j);
        if (result.is_real())
          result.reals[to] = round_to(real, result.type.dtype);
        else
          result.integers[to] = wrap_to(static_cast<std::int64_t>(integer), result.type.dtype);
      }
}

void evaluate_expert_matmul(Operands operands, const Attributes& attributes, Tensor& result) {
  const Tensor &lhs = operands[0], &rhs = operands[1], &ids = operands[2];
  const bool transposed = attributes.boolean("transpose_rhs");
  const std::int64_t matrices = rhs.type.shape.dim(0), k = lhs.type.shape.dim(-1),
                     n = result.type.shape.dim(-1);
  const std::int64_t rows = n == 0 ? 0 : result.size() / n;
  const std::int64_t slots = rows == 0 ? 0 : ids.size() / rows;
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::int64_t s = row * slots; s < (row + 1) * slots; ++s) {
        const std::int64_t id = ids.integers[static_cast<std::size_t>(s)];
        // Large unsigned numbers are negative here.
        const std::int64_t last = matrices - 1;
        const std::int64_t matrix = id >= 0                     ? std::min(id, last)
                                    : is_signed(ids.type.dtype) ? 0
                                                                : last;
        for (std::int64_t x = 0; x < k; ++x) {
          const std::int64_t r = matrix * k * n + (transposed ? j * k + x : x * n + j);
          sum += lhs.reals[static_cast<std::size_t>(s * k + x)] *
                 rhs.reals[static_cast<std::size_t>(r)];
        }
      }
      result.reals[static_cast<std::size_t>(row * n + j)] = round_to(sum, result.type.dtype);
    }
}

namespace {

// The softmax of one query head over the keys [begin, end), not yet divided by its total.
struct Partial {
  std::vector<double> sums;  // of exp(score - largest) * value
  double largest = -std::numeric_limits<double>::infinity();
  double total = 0;
};

// Where the parts of one attention problem lie; sizes are those of ashlar.attention.
class AttentionProblem {
public:
  AttentionProblem(Operands operands, const Attributes& attributes)
      : query_(operands[0]), key_(operands[1]), value_(operands[2]), position_(operands[3]),
        length_(operands[4]), sinks_(operands.size() > 5 ? &operands[5] : nullptr),
        attributes_(attributes), batch(query_.type.shape.dim(0)), rows(query_.type.shape.dim(1)),
        heads(query_.type.shape.dim(2)), width(value_.type.shape.dim(3)) {}

  KeyRange keys(std::int64_t b, std::int64_t t) const {
    const auto i = static_cast<std::size_t>(b);
    return visible_keys(position_.integers[i] + t, length_.integers[i], attributes_);
  }

  // `first`: also the head's sink, if it has one.
  Partial over(std::int64_t b, std::int64_t t, std::int64_t h, KeyRange keys, bool first) const {
    const std::int64_t depth = query_.type.shape.dim(3);
    const std::int64_t q = ((b * rows + t) * heads + h) * depth;
    Partial part{.sums = std::vector<double>(static_cast<std::size_t>(width), 0.0)};
    const bool has_sink = first && sinks_;
    const double sink = has_sink ? sinks_->reals[static_cast<std::size_t>(b * heads + h)] : 0;
    if (has_sink)
      part.largest = sink;
    std::vector<double> scores;
    for (std::int64_t j = keys.begin; j < keys.end; ++j) {
      scores.push_back(
          attention_score(query_, q, key_, cache_row(b, h, j) * depth, depth, attributes_));
      part.largest = std::max(part.largest, scores.back());
    }
    if (has_sink)
      part.total = std::exp(sink - part.largest);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double weight = std::exp(scores[i] - part.largest);
      const std::int64_t row = cache_row(b, h, keys.begin + static_cast<std::int64_t>(i)) * width;
      part.total += weight;
      for (std::int64_t e = 0; e < width; ++e)
        part.sums[static_cast<std::size_t>(e)] +=
            weight * value_.reals[static_cast<std::size_t>(row + e)];
    }
    return part;
  }

private:
  std::int64_t cache_row(std::int64_t b, std::int64_t h, std::int64_t j) const {
    const std::int64_t groups = key_.type.shape.dim(2), ring = attributes_.integer("ring");
    return ((ring > 0 ? j % ring : j) * batch + b) * groups + h / (heads / groups);
  }

  const Tensor &query_, &key_, &value_, &position_, &length_;
  const Tensor* sinks_;  // null: none
  const Attributes& attributes_;

public:
  const std::int64_t batch, rows, heads, width;
};

}  // namespace

void evaluate_attention(Operands operands, const Attributes& attributes, Tensor& result) {
  const AttentionProblem problem(operands, attributes);
  for_each_index(Shape{problem.batch, problem.rows, problem.heads}, [&](std::int64_t row,
                                                                        const auto& index) {
    const Partial part =
        problem.over(index[0], index[1], index[2], problem.keys(index[0], index[1]), true);
    for (std::int64_t e = 0; e < problem.width; ++e)
      result.reals[static_cast<std::size_t>(row * problem.width + e)] =
          part.total == 0
              ? 0
              : round_to(part.sums[static_cast<std::size_t>(e)] / part.total, result.type.dtype);
  });
}

void evaluate_attention_partial(Operands operands, const Attributes& attributes, Tensor& result) {
  const AttentionProblem problem(operands, attributes);
  const std::int64_t splits = attributes.integer("splits"), record = problem.width + 2;
  for_each_index(
      Shape{problem.batch, problem.rows, problem.heads}, [&](std::int64_t row, const auto& index) {
        const KeyRange keys = problem.keys(index[0], index[1]);
        const std::int64_t per_split =
            (std::max<std::int64_t>(0, keys.end - keys.begin) + splits - 1) / splits;
        for (std::int64_t s = 0; s < splits; ++s) {
          const std::int64_t begin = keys.begin + s * per_split;
          const Partial part = problem.over(index[0], index[1], index[2],
                                            {begin, std::min(keys.end, begin + per_split)}, s == 0);
          double* to = result.reals.data() + (row * splits + s) * record;
          for (std::int64_t e = 0; e < problem.width; ++e)
            to[e] = round_to(part.sums[static_cast<std::size_t>(e)], DType::f32);
          to[problem.width] = round_to(part.largest, DType::f32);
          to[problem.width + 1] = round_to(part.total, DType::f32);
        }
      });
}

void evaluate_attention_combine(const Tensor& partials, Tensor& result) {
  const std::int64_t splits = partials.type.shape.dim(3), record = partials.type.shape.dim(4),
                     width = record - 2;
  const std::int64_t rows = partials.size() / (splits * record);
  for (std::int64_t row = 0; row < rows; ++row) {
    const double* parts = partials.reals.data() + row * splits * record;
    double largest = -std::numeric_limits<double>::infinity();
    for (std::int64_t s = 0; s < splits; ++s)
      largest = std::max(largest, parts[s * record + width]);
    for (std::int64_t e = 0; e < width; ++e) {
      double sum = 0, total = 0;
      for (std::int64_t s = 0; s < splits && !std::isinf(largest); ++s) {
        const double weight = std::exp(parts[s * record + width] - largest);
        sum += weight * parts[s * record + e];
        total += weight * parts[s * record + width + 1];
      }
      result.reals[static_cast<std::size_t>(row * width + e)] =
          total == 0 ? 0 : round_to(sum / total, result.type.dtype);
    }
  }
}

}  // namespace ashlar::reference
