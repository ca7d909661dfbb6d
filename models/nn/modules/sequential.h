// SPDX-License-Identifier: Apache-2.0
// Layers one after the other.
#pragma once

#include "models/nn/module.h"

#include <memory>

namespace ashlar::nn {

// Owns its layers; their names are their places, functions counted: "0", "2".
//
//     nn::Sequential net;
//     net.then<nn::Linear>(key_a, 2, 32).then(relu).then<nn::Linear>(key_b, 32, 3);
class Sequential : public Layer {
public:
  Sequential() : Layer("sequential") {}

  // Appends a layer made of the arguments, or a function.
  template <std::derived_from<Layer> L, typename... Arguments>
  Sequential& then(Arguments&&... arguments) {
    auto layer = std::make_unique<L>(std::forward<Arguments>(arguments)...);
    add(std::to_string(steps_.size()), *layer);
    steps_.push_back([raw = layer.get()](const Array& x) { return (*raw)(x); });
    layers_.push_back(std::move(layer));
    return *this;
  }
  Sequential& then(std::function<Array(const Array&)> function) {
    steps_.push_back(std::move(function));
    return *this;
  }

  Array operator()(const Array& x) override;

private:
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<std::function<Array(const Array&)>> steps_;
};

}  // namespace ashlar::nn
