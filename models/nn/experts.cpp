// SPDX-License-Identifier: Apache-2.0
#include "models/nn/experts.h"

#include "models/nn/layers.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

#include <cmath>

namespace ashlar::nn {
namespace {

// One projection of every expert, stored one by one.
ExpertProjection projections(const Weights& experts, std::string_view name,
                             const ExpertsConfig& config, std::int64_t out, std::int64_t in) {
  std::vector<Weights> modules;
  for (std::int64_t i = 0; i < config.count; ++i)
    modules.push_back(experts / i / name);
  const auto [matrices, order] = stacked_matrices(modules, {out, in});
  return {.matrices = matrices, .input_order = order};
}

bool has_stacks(const Weights& modules) {
  return modules.has("gate_proj.weight") || modules.has("gate_proj_blocks");
}

// Modules of their own, as MLX stacks them, or packed as MXFP4.
ExpertMatrices stacked_projections(const Weights& weights, const ExpertsConfig& config,
                                   std::int64_t hidden_size) {
  const auto projection = [&](std::string_view name, std::int64_t out, std::int64_t in) {
    const Weights module = weights / name;
    const Shape shape{config.count, out, in};
    const bool packed = weights.has(fmt::format("{}_blocks", name));
    ExpertProjection stacked{packed ? weights.mxfp4(name, shape) : module.matrix(shape)};
    if (config.has_biases)
      stacked.bias = module.get("bias", {config.count, out});
    return stacked;
  };
  const std::int64_t inner = config.intermediate_size;
  return {projection("gate_proj", inner, hidden_size), projection("up_proj", inner, hidden_size),
          projection("down_proj", hidden_size, inner)};
}

// Gate and up are the even and odd outputs of one tensor: packed, or in floats with inputs first.
ExpertMatrices interleaved_matrices(const Weights& experts, const ExpertsConfig& config,
                                    std::int64_t hidden_size) {
  const std::int64_t count = config.count, inner = config.intermediate_size;
  const bool packed = experts.has("gate_up_proj_blocks");
  const Array both = packed ? experts.mxfp4("gate_up_proj", {count, 2 * inner, hidden_size})
                            : experts.get("gate_up_proj", {count, hidden_size, 2 * inner});
  const Array down = packed ? experts.mxfp4("down_proj", {count, hidden_size, inner})
                            : experts.get("down_proj", {count, inner, hidden_size});
  const Array biases = experts.get("gate_up_proj_bias", {count, 2 * inner});
  const auto every_other = [&](std::int64_t first) {
    const Slice outputs = Slice(first, kEnd).by(2);
    return ExpertProjection{packed ? both(Slice(), outputs) : both(kEllipsis, outputs),
                            biases(kEllipsis, outputs), !packed};
  };
  return {every_other(0),
          every_other(1),
          {down, experts.get("down_proj_bias", {count, hidden_size}), !packed}};
}

// Each row of x [..., in] by the expert that ids [...] say.
Array multiply(const Array& rows, const ExpertProjection& projection, const Array& ids) {
  const auto& order = projection.input_order;
  const Array x = order ? take_along_axis(rows, take(*order, ids, 0), -1) : rows;
  return projection.inputs_first ? expert_matmul(x, projection.matrices, ids)
                                 : expert_linear(x, projection.matrices, ids);
}

// x [B, T, K, 1, in] by each token's experts [B, T, K], to [B, T, K, out].
Array project(const Array& x, const ExpertProjection& projection, const Array& ids) {
  const Array y = multiply(x, projection, expand_dims(ids, -1));
  return projection.bias ? y + take(*projection.bias, ids, 0).astype(y.dtype()) : y;
}

// The sum of the biases [E, out] of each token's experts by their weights, term by term: that needs
// no kernel of its own.
Array mixed_bias(const Array& bias, const Routing& routing) {
  const auto term = [&](std::int64_t k) {
    const Slice one(k, k + 1);
    return routing.weights(kEllipsis, one) *
           take(bias, squeeze(routing.ids(kEllipsis, one), -1), 0).astype(DType::f32);
  };
  Array sum = term(0);
  for (std::int64_t k = 1; k < routing.ids.dim(-1); ++k)
    sum = sum + term(k);
  return sum;
}

Array clamped_product(const Array& gate, const Array& up, double limit) {
  const Array g = minimum(gate, limit);
  return (clip(up, -limit, limit) + 1.0) * (g * sigmoid(g * 1.702));
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
  const Weights experts = weights / "experts";
  for (const Weights& stacked : {weights / "switch_mlp", experts, experts / "switch_glu"})
    if (has_stacks(stacked))
      return stacked_projections(stacked, config, hidden_size);
  if (config.interleaved)
    return interleaved_matrices(experts, config, hidden_size);
  if (experts.has("gate_up_proj")) {
    const Array both = experts.get("gate_up_proj", {count, 2 * inner, hidden_size});
    return {{both(Slice(), Slice(0, inner))},
            {both(Slice(), Slice(inner, kEnd))},
            {experts.get("down_proj", {count, hidden_size, inner})}};
  }
  const ExpertNames& names = config.names;
  return {projections(experts, names.gate, config, inner, hidden_size),
          projections(experts, names.up, config, inner, hidden_size),
          projections(experts, names.down, config, hidden_size, inner)};
}

Array mix_experts(const Array& x, const Routing& routing, const ExpertMatrices& matrices,
                  const ExpertsConfig& config, Activation activation) {
  std::vector<std::int64_t> dims = routing.ids.shape().dims();
  dims.insert(dims.end(), {1, x.dim(-1)});
  // Each of a token's experts has a row of its own, [B, T, K, 1, H].
  const Array rows = broadcast_to(expand_dims(expand_dims(x, -2), -2), Shape(dims));
  const Array gate = project(rows, matrices.gate, routing.ids),
              up = project(rows, matrices.up, routing.ids);
  const Array inner =
      config.clamp ? clamped_product(gate, up, *config.clamp) : activate(gate, activation) * up;
  const Array weighed = inner.astype(DType::f32) * expand_dims(routing.weights, -1);
  const Array mixed = multiply(weighed.astype(x.dtype()), matrices.down, routing.ids);
  return matrices.down.bias ? mixed + mixed_bias(*matrices.down.bias, routing).astype(x.dtype())
                            : mixed;
}

Array expert_block(const Array& x, const Weights& weights, const ExpertsConfig& config,
                   Activation activation) {
  Scope scope(weights.name());
  const Array logits = linear(x, weights / config.names.router, config.count, config.has_biases);
  std::optional<Array> correction;
  if (config.has_correction)
    correction = weights.get("e_score_correction_bias", {config.count});
  const Array mixed = mix_experts(x, route(logits, config, correction),
                                  expert_matrices(weights, config, x.dim(-1)), config, activation);
  if (config.shared_intermediate_size == 0)
    return mixed;
  // The kernel of what is visited last adds both, and the residual.
  return shared_expert(x, weights, config, activation) + mixed;
}

Array scaled_experts(const Array& x, const Array& residual, const Weights& weights,
                     const ExpertsConfig& config, Activation activation, double epsilon) {
  Scope scope("experts");
  const Weights router = weights / "router";
  const double shrink = 1 / std::sqrt(static_cast<double>(x.dim(-1)));
  const Array scale = router.get("scale", {x.dim(-1)}).astype(x.dtype());
  const Array seen = rms_norm(residual, epsilon) * scale * full({}, shrink, x.dtype());
  Routing routing = route(linear(seen, router / "proj", config.count, /*bias=*/false), config);
  const Array scales = router.get("per_expert_scale", {config.count}).astype(DType::f32);
  routing.weights = routing.weights * take(scales, routing.ids, 0);
  return mix_experts(x, routing, expert_matrices(weights, config, x.dim(-1)), config, activation);
}

}  // namespace ashlar::nn
