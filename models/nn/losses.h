// SPDX-License-Identifier: Apache-2.0
// Losses, computed in f32. Each gives one f32: the mean over the elements that count, or their sum.
#pragma once

#include "runtime/array/array.h"

#include <optional>

namespace ashlar::nn {

enum class Reduction { mean, sum };

struct CrossEntropyOptions {
  std::int64_t ignore_index = -100;  // targets that do not count
  double label_smoothing = 0;        // share of the target that is spread over all classes
  Reduction reduction = Reduction::mean;
};

// -log softmax(logits)[target] of logits [..., V] and integer targets [...]. The mean is over the
// targets that count; 0 when none does.
Array cross_entropy(const Array& logits, const Array& targets,
                    const CrossEntropyOptions& options = {});

// The loss of predicting each token from those before it: logits [B, T, V], labels [B, T].
Array next_token_cross_entropy(const Array& logits, const Array& labels,
                               const CrossEntropyOptions& options = {});

// Elementwise losses of predictions and targets of one shape. With a `mask` (bool, broadcast), only
// elements where it holds count.
struct LossOptions {
  Reduction reduction = Reduction::mean;
  std::optional<Array> mask = std::nullopt;
};

Array mse_loss(const Array& predictions, const Array& targets, const LossOptions& options = {});
Array l1_loss(const Array& predictions, const Array& targets, const LossOptions& options = {});
// Quadratic up to a difference of `delta`, then linear.
Array huber_loss(const Array& predictions, const Array& targets, double delta = 1,
                 const LossOptions& options = {});
// Binary cross entropy of logits with targets in [0, 1].
Array bce_with_logits(const Array& logits, const Array& targets, const LossOptions& options = {});
// max(0, 1 - prediction * target) of targets that are -1 or 1.
Array hinge_loss(const Array& predictions, const Array& targets, const LossOptions& options = {});
// 1 - cosine of the angle between the vectors along the last axis. Options count vectors; the norms
// are at least `epsilon`.
Array cosine_loss(const Array& predictions, const Array& targets, double epsilon = 1e-8,
                  const LossOptions& options = {});
// max(0, |anchor - positive| - |anchor - negative| + margin) with distances along the last axis, to
// whose differences 1e-6 is added. Options count vectors.
Array triplet_loss(const Array& anchors, const Array& positives, const Array& negatives,
                   double margin = 1, const LossOptions& options = {});
// sum(target * (log target - input)) over the last axis, of log probabilities `input` and
// probabilities `targets`; 0 log 0 is 0. Options count rows.
Array kl_divergence(const Array& input, const Array& targets, const LossOptions& options = {});

}  // namespace ashlar::nn
