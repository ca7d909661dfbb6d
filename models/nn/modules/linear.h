// SPDX-License-Identifier: Apache-2.0
// Layers that multiply by a matrix, and lookup tables. Parameters start as in PyTorch: uniform in
// 1 / sqrt(inputs) around 0, tables normal.
#pragma once

#include "models/nn/layers.h"
#include "models/nn/module.h"
#include "runtime/array/convolution.h"

#include <optional>

namespace ashlar::nn {

// x [..., in] to [..., out]. `weight` [out, in], `bias` [out].
class Linear : public Layer {
public:
  Linear(const Array& key, std::int64_t in, std::int64_t out, bool with_bias = true);
  Array operator()(const Array& x) override;

  Array weight;
  std::optional<Array> bias;
};

// Ids of any shape to [..., width]. `weight` [count, width].
class Embedding : public Layer {
public:
  Embedding(const Array& key, std::int64_t count, std::int64_t width);
  Array operator()(const Array& ids) override;
  // x [..., width] to scores [..., count]: the table as the last layer too.
  Array scores(const Array& x) const;

  Array weight;
};

// x [N, spatial..., in] to [N, spatial..., out], with one spatial axis for each number of `kernel`:
// {3} is a 1-d convolution, {3, 3} a 2-d one. `weight` [out, kernel..., in / groups], `bias` [out].
class Convolution : public Layer {
public:
  Convolution(const Array& key, std::int64_t in, std::int64_t out,
              const std::vector<std::int64_t>& kernel, const ConvolutionOptions& options = {},
              bool with_bias = true);
  Array operator()(const Array& x) override;

  Array weight;
  std::optional<Array> bias;

private:
  ConvolutionOptions options_;
};

// down(activation(up(x))).
class Mlp : public Layer {
public:
  Mlp(const Array& key, std::int64_t width, std::int64_t hidden,
      Activation activation = Activation::gelu);
  Array operator()(const Array& x) override;

  Linear up, down;

private:
  Activation activation_;
};

}  // namespace ashlar::nn
