// SPDX-License-Identifier: Apache-2.0
#include "models/optim/gradients.h"

#include "runtime/array/ops.h"
#include "runtime/program/error.h"

namespace ashlar::optim {

Array global_norm(const ArrayMap& gradients) {
  Array total = zeros({});
  for (const auto& [name, gradient] : gradients)
    total = total + sum(square(gradient.astype(DType::f32)));
  return sqrt(total);
}

ArrayMap clip_by_global_norm(const ArrayMap& gradients, double largest) {
  const Array scale = minimum(largest / (global_norm(gradients) + 1e-6), 1.0);
  ArrayMap clipped;
  for (const auto& [name, gradient] : gradients)
    clipped.emplace(name, (gradient.astype(DType::f32) * scale).astype(gradient.dtype()));
  return clipped;
}

ArrayMap clip_by_value(const ArrayMap& gradients, double largest) {
  ArrayMap clipped;
  for (const auto& [name, gradient] : gradients)
    clipped.emplace(name, clip(gradient, -largest, largest));
  return clipped;
}

void accumulate(ArrayMap& total, const ArrayMap& gradients, double share) {
  const bool first = total.empty();
  if (!first && total.size() != gradients.size())
    throw InvalidArgument("optim", "accumulate: expected {} gradients, got {}", total.size(),
                          gradients.size());
  for (const auto& [name, gradient] : gradients) {
    const Array part = gradient.astype(DType::f32) * share;
    if (first) {
      total.emplace(name, part);
      continue;
    }
    const auto found = total.find(name);
    if (found == total.end() || found->second.shape() != part.shape())
      throw InvalidArgument("optim", "accumulate: '{}' {} is not among the gradients so far", name,
                            part.shape().to_string());
    found->second = found->second + part;
  }
}

}  // namespace ashlar::optim
