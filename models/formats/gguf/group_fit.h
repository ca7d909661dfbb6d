// SPDX-License-Identifier: Apache-2.0
// Scales for a group of numbers that are to become a few bits each. A few ways to round are tried,
// and for each the scales that fit it best in least squares; the way with the smallest error wins.
#pragma once

#include <span>

namespace ashlar::gguf {

// number ~ scale * q - minimum, with q from 0 to `most`; both at least 0.
struct AffineFit {
  float scale, minimum;
};
AffineFit fit_affine(std::span<const float> values, int most);

// number ~ scale * q, with q from -half to half - 1.
float fit_symmetric(std::span<const float> values, int half);

}  // namespace ashlar::gguf
