// SPDX-License-Identifier: Apache-2.0
// A model's weights in floats, one row at a time.
#pragma once

#include "models/generate/checkpoint_source.h"

#include <cstddef>
#include <span>
#include <vector>

namespace ashlar {

// `dtype`: a type of floats.
void to_floats(std::span<const std::byte> stored, DType dtype, std::span<float> out);

class WeightRows {
public:
  // `weight` came from the model and is a float tensor; else InvalidArgument. Rows lie along the
  // last axis; of a vector, each element is one.
  WeightRows(const CheckpointSource& model, WeightSpec weight);

  std::int64_t count() const { return count_; }
  std::size_t width() const { return width_; }  // elements of a row
  // Fills `out` with row `row`.
  void read(std::int64_t row, std::span<float> out);

private:
  const CheckpointSource& model_;
  WeightSpec weight_;
  std::int64_t count_ = 1;
  std::size_t width_ = 1;
  std::vector<std::byte> stored_;
};

}  // namespace ashlar
