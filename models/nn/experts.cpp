// SPDX-License-Identifier: Apache-2.0
#include "models/nn/experts.h"

#include "models/nn/layers.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

namespace ashlar::nn {
namespace {

// One projection of every expert, stored one by one.
Array projections(const Weights& experts, std::string_view name, const ExpertsConfig& config,
                  std::int64_t out, std::int64_t in) {
  std::vector<Weights> modules;
  for (std::int64_t i = 0; i < config.count; ++i)
    modules.push_back(experts / i / name);
  return stacked_matrices(modules, {out, in});
}

Array shared_expert(const Array& x, const Weights& weights, const ExpertsConfig& config,
                    Activation activation) {
  const Array y = gated_mlp(x, weights / "shared_expert", config.shared_intermediate_size,
                            activation, /*bias=*/false);
  return sigmoid(linear(x, weights / "shared_expert_gate", 1, /*bias=*/false)) * y;
}

}  // namespace

Routing route(const Array& logits, const ExpertsConfig& config,
              const std::optional<Array>& correction) {
  const Array wide = logits.astype(DType::f32);
  // Softmax keeps the order of the logits.
  const Array scores = config.score == RouterScore::sigmoid ? sigmoid(wide) : wide;
  const Array ids =
      topk_indices(correction ? scores + correction->astype(DType::f32) : scores, config.chosen);
  const Array chosen = take_along_axis(scores, ids, -1);
  if (config.score == RouterScore::sigmoid)
    return {ids, config.normalised ? chosen / sum(chosen, -1, true) : chosen};
  return {ids, config.normalised ? softmax(chosen) : exp(chosen - logsumexp(wide, -1, true))};
}

ExpertMatrices expert_matrices(const Weights& weights, const ExpertsConfig& config,
                               std::int64_t hidden_size) {
  const std::int64_t count = config.count, inner = config.intermediate_size;
  const Shape wide{count, inner, hidden_size}, narrow{count, hidden_size, inner};
  const Weights stacked = weights / "switch_mlp", experts = weights / "experts";
  if (stacked.has("gate_proj.weight"))
    return {(stacked / "gate_proj").matrix(wide), (stacked / "up_proj").matrix(wide),
            (stacked / "down_proj").matrix(narrow)};
  if (experts.has("gate_up_proj")) {
    const Array both = experts.get("gate_up_proj", {count, 2 * inner, hidden_size});
    return {both(Slice(), Slice(0, inner)), both(Slice(), Slice(inner, kEnd)),
            experts.get("down_proj", narrow)};
  }
  const ExpertNames& names = config.names;
  return {projections(experts, names.gate, config, inner, hidden_size),
          projections(experts, names.up, config, inner, hidden_size),
          projections(experts, names.down, config, hidden_size, inner)};
}

Array mix_experts(const Array& x, const Routing& routing, const ExpertMatrices& matrices,
                  Activation activation) {
  std::vector<std::int64_t> dims = routing.ids.shape().dims();
  dims.insert(dims.end(), {1, x.dim(-1)});
  // Each of a token's experts has a row of its own, [B, T, K, 1, H].
  const Array rows = broadcast_to(expand_dims(expand_dims(x, -2), -2), Shape(dims));
  const Array ids = expand_dims(routing.ids, -1);
  const Array gate = activate(expert_linear(rows, matrices.gate, ids), activation);
  const Array inner = gate * expert_linear(rows, matrices.up, ids);
  const Array weighed = inner.astype(DType::f32) * expand_dims(routing.weights, -1);
  return expert_linear(weighed.astype(x.dtype()), matrices.down, routing.ids);
}

Array expert_block(const Array& x, const Weights& weights, const ExpertsConfig& config,
                   Activation activation) {
  Scope scope(weights.name());
  const Array logits = linear(x, weights / "gate", config.count, /*bias=*/false);
  std::optional<Array> correction;
  if (config.has_correction)
    correction = weights.get("e_score_correction_bias", {config.count});
  const Array mixed = mix_experts(x, route(logits, config, correction),
                                  expert_matrices(weights, config, x.dim(-1)), activation);
  if (config.shared_intermediate_size == 0)
    return mixed;
  // The kernel of what is visited last adds both, and the residual.
  return shared_expert(x, weights, config, activation) + mixed;
}

}  // namespace ashlar::nn
