// SPDX-License-Identifier: Apache-2.0
#include "models/nn/modules/linear.h"

#include "runtime/array/ops.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"

#include <cmath>

namespace ashlar::nn {
namespace {

Array within(const Array& key, const Shape& shape, std::int64_t inputs) {
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  return random::uniform(key, shape, -bound, bound);
}

Shape kernel_shape(std::int64_t in, std::int64_t out, const std::vector<std::int64_t>& kernel,
                   std::int64_t groups) {
  if (kernel.empty() || groups < 1 || in % groups != 0)
    throw InvalidArgument("convolution",
                          "expected a kernel and groups that divide {} channels, got a kernel of "
                          "{} axes and {} groups",
                          in, kernel.size(), groups);
  std::vector<std::int64_t> dims{out};
  dims.insert(dims.end(), kernel.begin(), kernel.end());
  dims.push_back(in / groups);
  return Shape(dims);
}

}  // namespace

Linear::Linear(const Array& key, std::int64_t in, std::int64_t out, bool with_bias)
    : Layer("linear"), weight(within(random::split(key)(0), {out, in}, in)) {
  add("weight", weight);
  if (with_bias)
    add("bias", bias.emplace(within(random::split(key)(1), {out}, in)));
}

Array Linear::operator()(const Array& x) {
  Scope scope(name());
  return bias ? ashlar::linear(x, weight, *bias) : ashlar::linear(x, weight);
}

Embedding::Embedding(const Array& key, std::int64_t count, std::int64_t width)
    : Layer("embedding"), weight(random::normal(key, {count, width})) {
  add("weight", weight);
}

Array Embedding::operator()(const Array& ids) {
  Scope scope(name());
  return take(weight, ids, 0);
}

Array Embedding::scores(const Array& x) const {
  Scope scope(name());
  return ashlar::linear(x, weight);
}

Convolution::Convolution(const Array& key, std::int64_t in, std::int64_t out,
                         const std::vector<std::int64_t>& kernel, const ConvolutionOptions& options,
                         bool with_bias)
    : Layer("convolution"), weight(zeros(kernel_shape(in, out, kernel, options.groups))),
      options_(options) {
  const std::int64_t inputs = weight.size() / out;
  weight = within(random::split(key)(0), weight.shape(), inputs);
  add("weight", weight);
  if (with_bias)
    add("bias", bias.emplace(within(random::split(key)(1), {out}, inputs)));
}

Array Convolution::operator()(const Array& x) {
  Scope scope(name());
  const Array y = convolution(x, weight, options_);
  return bias ? y + *bias : y;
}

Mlp::Mlp(const Array& key, std::int64_t width, std::int64_t hidden, Activation activation)
    : Layer("mlp"), up(random::split(key)(0), width, hidden),
      down(random::split(key)(1), hidden, width), activation_(activation) {
  add("up", up);
  add("down", down);
}

Array Mlp::operator()(const Array& x) {
  Scope scope(name());
  return down(activate(up(x), activation_));
}

}  // namespace ashlar::nn
