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
  std::vector<Slot> slots_of(const Shape& parameter) const override;
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
  std::vector<Slot> slots_of(const Shape& parameter) const override {
    return {{"m", parameter}, {"v", parameter}};
  }
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
  std::vector<Slot> slots_of(const Shape& parameter) const override { return {{"m", parameter}}; }
  Array update(const Moved& moved, std::span<Array> slots) const override;

  LionOptions options_;
};

// Running mean of squared gradients, as Hinton's lecture introduced it (2012).
struct RmsPropOptions {
  Schedule learning_rate = 1e-2;
  double alpha = 0.99;  // share of the running mean that stays
  double epsilon = 1e-8;
  double weight_decay = 0;  // added to the gradient
  double momentum = 0;
  bool centered = false;  // divide by the deviation instead of the root mean square
};

class RmsProp : public Optimizer {
public:
  explicit RmsProp(const RmsPropOptions& options = {})
      : Optimizer(options.learning_rate), options_(options) {}

private:
  std::vector<Slot> slots_of(const Shape& parameter) const override;
  Array update(const Moved& moved, std::span<Array> slots) const override;

  RmsPropOptions options_;
};

// Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization"
// (2011).
struct AdagradOptions {
  Schedule learning_rate = 1e-2;
  double epsilon = 1e-10;
  double weight_decay = 0;  // added to the gradient
};

class Adagrad : public Optimizer {
public:
  explicit Adagrad(const AdagradOptions& options = {})
      : Optimizer(options.learning_rate), options_(options) {}

private:
  std::vector<Slot> slots_of(const Shape& parameter) const override { return {{"sum", parameter}}; }
  Array update(const Moved& moved, std::span<Array> slots) const override;

  AdagradOptions options_;
};

// Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost" (2018): of a
// parameter with two axes or more, the running mean of squares is kept as its sums over the last
// axis and the one before.
struct AdafactorOptions {
  Schedule learning_rate = 1e-2;  // bounds the relative step 1 / sqrt(steps)
  double beta2_decay = -0.8;      // the running mean keeps 1 - steps^decay
  double epsilon = 1e-3;          // least size of a parameter to which steps are relative
  double clip = 1;                // root mean square at which an update is scaled down
  double weight_decay = 0;        // decoupled
};

class Adafactor : public Optimizer {
public:
  explicit Adafactor(const AdafactorOptions& options = {})
      : Optimizer(options.learning_rate), options_(options) {}

private:
  std::vector<Slot> slots_of(const Shape& parameter) const override;
  Array update(const Moved& moved, std::span<Array> slots) const override;

  AdafactorOptions options_;
};

// Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024): momentum, made
// orthogonal by steps of Newton and Schulz. For matrices alone (`init` refuses others): embeddings,
// heads, biases and gains go to another optimiser.
struct MuonOptions {
  Schedule learning_rate = 1e-3;
  double momentum = 0.95;
  bool nesterov = true;
  double weight_decay = 0.1;  // decoupled
  int steps = 5;              // of Newton and Schulz
};

class Muon : public Optimizer {
public:
  explicit Muon(const MuonOptions& options = {})
      : Optimizer(options.learning_rate), options_(options) {}

private:
  std::vector<Slot> slots_of(const Shape& parameter) const override;
  Array update(const Moved& moved, std::span<Array> slots) const override;

  MuonOptions options_;
};

}  // namespace ashlar::optim
