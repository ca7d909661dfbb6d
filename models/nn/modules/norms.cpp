// SPDX-License-Identifier: Apache-2.0
#include "models/nn/modules/norms.h"

#include "models/nn/layers.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"

namespace ashlar::nn {
namespace {

struct Moments {
  Array mean, variance;  // f32, with the axes kept
};

Moments moments_of(const Array& wide, const Axes& axes) {
  const Array centre = mean(wide, axes, true);
  return {centre, mean(square(wide - centre), axes, true)};
}

Array standardized(const Array& wide, const Moments& moments, double epsilon) {
  return (wide - moments.mean) * rsqrt(moments.variance + epsilon);
}

void check_channels(const Layer& layer, const Array& x, std::int64_t channels, int least_rank) {
  if (x.rank() < least_rank || x.dim(-1) != channels)
    throw InvalidArgument(layer.name(),
                          "expected {} channels in the last of {} axes or more, got {}", channels,
                          least_rank, x.shape().to_string());
}

}  // namespace

LayerNorm::LayerNorm(std::int64_t width, double epsilon)
    : Layer("layer_norm"), weight(ones({width})), bias(zeros({width})), epsilon_(epsilon) {
  add("weight", weight);
  add("bias", bias);
}

Array LayerNorm::operator()(const Array& x) {
  Scope scope(name());
  check_channels(*this, x, weight.size(), 1);
  const Array wide = x.astype(DType::f32);
  return (standardized(wide, moments_of(wide, -1), epsilon_) * weight + bias).astype(x.dtype());
}

RmsNorm::RmsNorm(std::int64_t width, double epsilon)
    : Layer("rms_norm"), weight(ones({width})), epsilon_(epsilon) {
  add("weight", weight);
}

Array RmsNorm::operator()(const Array& x) {
  check_channels(*this, x, weight.size(), 1);
  return rms_norm(x, Weights(ArrayMap{{name() + ".weight", weight}}) / name(), NormKind::plain,
                  epsilon_);
}

GroupNorm::GroupNorm(std::int64_t groups, std::int64_t channels, double epsilon)
    : Layer("group_norm"), weight(ones({channels})), bias(zeros({channels})), groups_(groups),
      epsilon_(epsilon) {
  if (groups < 1 || channels % groups != 0)
    throw InvalidArgument("group_norm", "{} groups do not divide {} channels", groups, channels);
  add("weight", weight);
  add("bias", bias);
}

Array GroupNorm::operator()(const Array& x) {
  Scope scope(name());
  check_channels(*this, x, weight.size(), 2);
  const Array grouped =
      reshape(x.astype(DType::f32), {x.dim(0), -1, groups_, weight.size() / groups_});
  const Array normed = standardized(grouped, moments_of(grouped, {1, 3}), epsilon_);
  return (reshape(normed, x.shape()) * weight + bias).astype(x.dtype());
}

BatchNorm::BatchNorm(std::int64_t channels, double momentum, double epsilon)
    : Layer("batch_norm"), weight(ones({channels})), bias(zeros({channels})),
      running_mean(zeros({channels})), running_variance(ones({channels})), momentum_(momentum),
      epsilon_(epsilon) {
  add("weight", weight);
  add("bias", bias);
  add_buffer("running_mean", running_mean);
  add_buffer("running_variance", running_variance);
}

Array BatchNorm::operator()(const Array& x) {
  Scope scope(name());
  check_channels(*this, x, weight.size(), 2);
  const Array wide = x.astype(DType::f32);
  Moments moments{running_mean, running_variance};
  if (is_training()) {
    const Array rows = reshape(wide, {-1, weight.size()});
    moments = moments_of(rows, 0);
    moments = {squeeze(moments.mean, 0), squeeze(moments.variance, 0)};
    // The running variance estimates that of the population, as in PyTorch.
    const double count = static_cast<double>(rows.dim(0));
    const Array unbiased = moments.variance * (count / (count - 1));
    running_mean = running_mean * (1 - momentum_) + moments.mean * momentum_;
    running_variance = running_variance * (1 - momentum_) + unbiased * momentum_;
  }
  return (standardized(wide, moments, epsilon_) * weight + bias).astype(x.dtype());
}

}  // namespace ashlar::nn
