// SPDX-License-Identifier: Apache-2.0
#include "models/optim/optimizer.h"

#include "runtime/array/ops.h"
#include "runtime/program/error.h"

namespace ashlar::optim {
namespace {

std::string slot_key(std::string_view slot, std::string_view parameter) {
  return fmt::format("{}.{}", slot, parameter);
}

const Array& gradient_of(const ArrayMap& gradients, const std::string& name, const Shape& shape) {
  const auto found = gradients.find(name);
  if (found == gradients.end() || found->second.shape() != shape)
    throw InvalidArgument("optim", "parameter '{}' {} has {}", name, shape.to_string(),
                          found == gradients.end()
                              ? std::string("no gradient")
                              : "a gradient of " + found->second.shape().to_string());
  return found->second;
}

Array& array_of(ArrayMap& state, const std::string& key) {
  const auto found = state.find(key);
  if (found == state.end())
    throw InvalidArgument("optim", "the state has no '{}': make it with init", key);
  return found->second;
}

}  // namespace

ArrayMap Optimizer::init(const ArrayMap& parameters) const {
  ArrayMap state{{"step", zeros({}, DType::i32)}};
  for (const auto& [name, parameter] : parameters)
    for (const Slot& slot : slots_of(parameter.shape()))
      state.emplace(slot_key(slot.name, name), zeros(slot.shape));
  return state;
}

void Optimizer::step(ArrayMap& parameters, ArrayMap& state, const ArrayMap& gradients) const {
  Array& taken = array_of(state, "step");
  const Array rate = learning_rate_(taken);
  taken = taken + 1;
  const Array count = taken.astype(DType::f32);
  for (auto& [name, parameter] : parameters) {
    const Array& gradient = gradient_of(gradients, name, parameter.shape());
    const std::vector<Slot> kept = slots_of(parameter.shape());
    std::vector<Array> slots;
    for (const Slot& slot : kept)
      slots.push_back(array_of(state, slot_key(slot.name, name)));
    const Moved moved{parameter.astype(DType::f32), gradient.astype(DType::f32), rate, count};
    parameter = update(moved, slots).astype(parameter.dtype());
    for (std::size_t i = 0; i < kept.size(); ++i)
      array_of(state, slot_key(kept[i].name, name)) = slots[i];
  }
}

}  // namespace ashlar::optim
