// SPDX-License-Identifier: Apache-2.0
// Derivatives against central differences, in double through the reference evaluator.
#pragma once

#include "runtime/array/transforms.h"

#include <string>

namespace ashlar::testing {

// Pseudo-random f32 in [low, high), different from each other, the same on every machine.
Array numbers(const Shape& shape, double low = -1.5, double high = 1.5, int seed = 0);

// Relative, and absolute below 1.
inline constexpr double kDerivativeTolerance = 2e-7;

// The vjp and the jvp of a function with one float result, at inputs away from kinks and ties.
void check_derivative(const ArrayFunction& function, const Arrays& inputs, const std::string& name,
                      double tolerance = kDerivativeTolerance);

// The gradient of the slope along fixed directions holds the second derivatives; forward over
// reverse must give the same numbers.
void check_second_derivative(const ArrayFunction& function, const Arrays& inputs,
                             const std::string& name, double tolerance = kDerivativeTolerance);

// What check_second_derivative differentiates again: the slope as a function of the inputs.
ArrayFunction slope_of(const ArrayFunction& function, const Arrays& inputs);

}  // namespace ashlar::testing
