// SPDX-License-Identifier: Apache-2.0
// What is done to gradients between a loss and an optimiser.
#pragma once

#include "runtime/array/transforms.h"

namespace ashlar::optim {

// The square root of the sum of all squares, f32.
Array global_norm(const ArrayMap& gradients);
// All gradients scaled down together so that their global norm is at most `largest`.
ArrayMap clip_by_global_norm(const ArrayMap& gradients, double largest);
// Every element limited to [-largest, largest].
ArrayMap clip_by_value(const ArrayMap& gradients, double largest);

// Adds `share` of the gradients of one part of a batch to `total`, which is empty at first. Sums
// are f32. With share 1 / parts, equal parts give the gradient of a mean over the whole batch.
// Throws InvalidArgument when names or shapes differ.
void accumulate(ArrayMap& total, const ArrayMap& gradients, double share = 1);

}  // namespace ashlar::optim
