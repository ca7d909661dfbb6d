// SPDX-License-Identifier: Apache-2.0
// Normalisation layers. All compute in f32 and round once, to the type of x. Channels are last.
#pragma once

#include "models/nn/module.h"

namespace ashlar::nn {

// (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis, of `width`.
class LayerNorm : public Layer {
public:
  explicit LayerNorm(std::int64_t width, double epsilon = 1e-5);
  Array operator()(const Array& x) override;

  Array weight, bias;

private:
  double epsilon_;
};

// x / sqrt(mean(x^2) + epsilon) * weight over the last axis, of `width`.
class RmsNorm : public Layer {
public:
  explicit RmsNorm(std::int64_t width, double epsilon = 1e-5);
  Array operator()(const Array& x) override;

  Array weight;

private:
  double epsilon_;
};

// x [N, spatial..., C]: mean and variance over all positions of C / groups channels.
class GroupNorm : public Layer {
public:
  // Throws InvalidArgument unless the groups divide the channels.
  GroupNorm(std::int64_t groups, std::int64_t channels, double epsilon = 1e-5);
  Array operator()(const Array& x) override;

  Array weight, bias;

private:
  std::int64_t groups_;
  double epsilon_;
};

// x [..., C]: mean and variance of each channel. While training (Module::set_training) those of the
// batch, which also move the buffers `running_mean` and `running_variance` by `momentum`; else the
// buffers. Inside transforms other than nn::value_and_grad it must not be training: the buffers
// would keep an array of the transform.
class BatchNorm : public Layer {
public:
  explicit BatchNorm(std::int64_t channels, double momentum = 0.1, double epsilon = 1e-5);
  Array operator()(const Array& x) override;

  Array weight, bias;
  Array running_mean, running_variance;

private:
  double momentum_, epsilon_;
};

}  // namespace ashlar::nn
