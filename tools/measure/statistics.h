// SPDX-License-Identifier: Apache-2.0
// Small helpers of every measurement.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace ashlar {

// The middle value, or the mean of the two; 0 of nothing.
double median(std::vector<double> values);

// Wall time of one call.
double seconds_of(const std::function<void()>& work);

// Today, UTC: "2026-11-26".
std::string today();

}  // namespace ashlar
