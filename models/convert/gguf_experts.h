// SPDX-License-Identifier: Apache-2.0
// The experts of a model as GGUF stacks them: `ffn_gate_exps`, `ffn_up_exps`, `ffn_down_exps`
// [E, out, in], and biases [E, out].
#pragma once

#include "models/generate/model_source.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// What one of the model's tensors holds of a stack. Its part of an expert is a matrix of which
// element (row, column) lies at first + row * row_step + column * column_step.
struct ExpertSlice {
  std::string tensor;                  // in a layer of the GGUF file: "ffn_gate_exps.weight"
  std::optional<std::int64_t> expert;  // the only one; else all of them
  Shape shape;                         // of one expert's part
  std::int64_t first = 0, row_step = 0, column_step = 1;
};

// Of the tensor `name` of a layer's experts, stored one by one or with gate and up in one; nothing
// for other tensors. `name`: without "model.layers.N.".
std::vector<ExpertSlice> slice_experts(std::string_view name, const Shape& shape,
                                       const ModelConfig& config);

// A stack out of slices of the model's tensors, in floats, row by row.
class ExpertRows {
public:
  // `weights`: one for each expert, in order, or one for all.
  ExpertRows(const ModelSource& model, std::vector<WeightSpec> weights, ExpertSlice slice);

  // Fills `out` with row `row` of all experts' rows.
  void read(std::int64_t row, std::span<float> out);

private:
  void load(std::int64_t expert);

  const ModelSource& model_;
  std::vector<WeightSpec> weights_;
  ExpertSlice slice_;
  std::int64_t rows_;
  std::optional<std::int64_t> loaded_;
  std::vector<float> numbers_;  // of the loaded expert
};

}  // namespace ashlar
