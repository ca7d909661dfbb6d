// SPDX-License-Identifier: Apache-2.0
// The optimisers; defaults are those of PyTorch, except where said.
#pragma once

#include "models/optim/optimizer.h"

namespace ashlar::optim {

struct SgdOptions {
  Schedule learning_rate;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;  // added to the gradient
  bool nesterov = false;
};

class Sgd : public Optimizer {
public:
  explicit Sgd(const SgdOptions& options) : Optimizer(options.learning_rate), options_(options) {}

private:
  std::vector<std::string_view> slot_names() const override;
  Array update(const Moved& moved, std::span<Array> slots) const override;

  SgdOptions options_;
};

// Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015).
struct AdamOptions {
  Schedule learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  // added to the gradient
};

class Adam : public Optimizer {
public:
  explicit Adam(const AdamOptions& options) : Optimizer(options.learning_rate), options_(options) {}

protected:
  std::vector<std::string_view> slot_names() const override { return {"m", "v"}; }
  Array update(const Moved& moved, std::span<Array> slots) const override;
  // The step that the gradient asks for.
  Array adapted(const Moved& moved, const Array& gradient, std::span<Array> slots) const;

  AdamOptions options_;
};

// Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019): the decay shrinks the
// parameter itself. Decay 0.01 by default.
class AdamW : public Adam {
public:
  explicit AdamW(AdamOptions options = {.weight_decay = 0.01}) : Adam(std::move(options)) {}

private:
  Array update(const Moved& moved, std::span<Array> slots) const override;
};

// Chen et al., "Symbolic Discovery of Optimization Algorithms" (2023).
struct LionOptions {
  Schedule learning_rate = 1e-4;
  double beta1 = 0.9, beta2 = 0.99;
  double weight_decay = 0;  // decoupled
};

class Lion : public Optimizer {
public:
  explicit Lion(const LionOptions& options) : Optimizer(options.learning_rate), options_(options) {}

private:
  std::vector<std::string_view> slot_names() const override { return {"m"}; }
  Array update(const Moved& moved, std::span<Array> slots) const override;

  LionOptions options_;
};

// The square root of the sum of all squares, f32.
Array global_norm(const ArrayMap& gradients);
// All gradients scaled down together so that their global norm is at most `largest`.
ArrayMap clip_by_global_norm(const ArrayMap& gradients, double largest);

}  // namespace ashlar::optim
