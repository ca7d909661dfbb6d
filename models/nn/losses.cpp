// SPDX-License-Identifier: Apache-2.0
#include "models/nn/losses.h"

#include "runtime/array/ops.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"

namespace ashlar::nn {
namespace {

Array wide(const Array& x) {
  return x.astype(DType::f32);
}

// Of losses that are 0 where they do not count.
Array reduced(const Array& losses, const Array& counts, Reduction reduction) {
  const Array total = sum(losses);
  return reduction == Reduction::sum ? total : total / maximum(sum(wide(counts)), 1.0);
}

Array reduced(const Array& losses, const LossOptions& options) {
  if (!options.mask)
    return options.reduction == Reduction::sum ? sum(losses) : mean(losses);
  const Array counts = broadcast_to(*options.mask, losses.shape());
  return reduced(where(counts, losses, 0.0), counts, options.reduction);
}

void check_classes(const Array& logits, const Array& targets) {
  std::vector<std::int64_t> rows = logits.shape().dims();
  if (!rows.empty())
    rows.pop_back();
  if (logits.rank() == 0 || targets.shape().dims() != rows || !is_integer(targets.dtype()))
    throw InvalidArgument("cross_entropy", "logits {} do not fit targets {}{}",
                          logits.shape().to_string(), name_of(targets.dtype()),
                          targets.shape().to_string());
}

void check_same_shape(std::string_view loss, const Array& predictions, const Array& targets) {
  if (predictions.shape() != targets.shape())
    throw InvalidArgument(loss, "predictions {} and targets {} differ in shape",
                          predictions.shape().to_string(), targets.shape().to_string());
}

}  // namespace

Array cross_entropy(const Array& logits, const Array& targets, const CrossEntropyOptions& options) {
  Scope scope("cross_entropy");
  check_classes(logits, targets);
  // Unsigned types cannot hold the index that marks ignored targets.
  const Array labels = is_signed(targets.dtype()) ? targets : targets.astype(DType::i32);
  const Array x = wide(logits), counts = labels != options.ignore_index;
  // Selecting by comparison instead of a gather keeps the loss and its gradient in one kernel.
  const Array classes = arange(logits.dim(-1));
  const Array is_target = expand_dims(labels, -1) == classes;
  const Array log_total = logsumexp(x, -1);
  Array losses = log_total - sum(where(is_target, x, 0.0), -1);
  if (options.label_smoothing > 0)
    losses = losses * (1 - options.label_smoothing) +
             (log_total - mean(x, -1)) * options.label_smoothing;
  return reduced(where(counts, losses, 0.0), counts, options.reduction);
}

Array next_token_cross_entropy(const Array& logits, const Array& labels,
                               const CrossEntropyOptions& options) {
  return cross_entropy(logits(Slice(), Slice(0, -1)), labels(Slice(), Slice(1, kEnd)), options);
}

Array mse_loss(const Array& predictions, const Array& targets, const LossOptions& options) {
  check_same_shape("mse_loss", predictions, targets);
  return reduced(square(wide(predictions) - wide(targets)), options);
}

Array l1_loss(const Array& predictions, const Array& targets, const LossOptions& options) {
  check_same_shape("l1_loss", predictions, targets);
  return reduced(abs(wide(predictions) - wide(targets)), options);
}

Array huber_loss(const Array& predictions, const Array& targets, double delta,
                 const LossOptions& options) {
  check_same_shape("huber_loss", predictions, targets);
  const Array distance = abs(wide(predictions) - wide(targets));
  const Array near = minimum(distance, delta);
  return reduced(square(near) * 0.5 + (distance - near) * delta, options);
}

Array bce_with_logits(const Array& logits, const Array& targets, const LossOptions& options) {
  check_same_shape("bce_with_logits", logits, targets);
  const Array x = wide(logits);
  return reduced(softplus(x) - x * wide(targets), options);
}

Array hinge_loss(const Array& predictions, const Array& targets, const LossOptions& options) {
  check_same_shape("hinge_loss", predictions, targets);
  return reduced(maximum(1.0 - wide(predictions) * wide(targets), 0.0), options);
}

Array cosine_loss(const Array& predictions, const Array& targets, double epsilon,
                  const LossOptions& options) {
  check_same_shape("cosine_loss", predictions, targets);
  const Array x = wide(predictions), y = wide(targets);
  const auto norm = [&](const Array& v) { return maximum(sqrt(sum(square(v), -1)), epsilon); };
  return reduced(1.0 - sum(x * y, -1) / (norm(x) * norm(y)), options);
}

Array triplet_loss(const Array& anchors, const Array& positives, const Array& negatives,
                   double margin, const LossOptions& options) {
  check_same_shape("triplet_loss", anchors, positives);
  check_same_shape("triplet_loss", anchors, negatives);
  // The summand keeps the slope of the root finite where two vectors are equal.
  const auto distance = [](const Array& a, const Array& b) {
    return sqrt(sum(square(wide(a) - wide(b) + 1e-6), -1));
  };
  return reduced(maximum(distance(anchors, positives) - distance(anchors, negatives) + margin, 0.0),
                 options);
}

Array kl_divergence(const Array& input, const Array& targets, const LossOptions& options) {
  check_same_shape("kl_divergence", input, targets);
  const Array p = wide(targets), positive = p > 0;
  const Array terms = where(positive, p * (log(where(positive, p, 1.0)) - wide(input)), 0.0);
  return reduced(sum(terms, -1), options);
}

}  // namespace ashlar::nn
