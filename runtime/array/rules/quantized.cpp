// SPDX-License-Identifier: Apache-2.0
// Quantised matrices: derivatives flow to scales and biases, never to the packed numbers.
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/movement.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/array/rules/rules.h"
#include "runtime/array/table_functions.h"

namespace ashlar {

Derivatives vjp_quantized(const Application& op, const Array& cotangent) {
  const std::int64_t bits = op.attributes().integer("bits"),
                     group = op.attributes().integer("group_size");
  const Array& scales = op.input(1);
  // The packed numbers themselves.
  const Array numbers = table::dequantize(op.input(0), ones(scales.shape()), zeros(scales.shape()),
                                          bits, group, DType::f32);
  const auto by_group = [&](const Array& x) { return unflatten(x, -1, {-1, group}); };
  const Array g = by_group(convert(cotangent, DType::f32));
  return {std::nullopt, convert(sum(g * by_group(numbers), -1), scales.dtype()),
          convert(sum(g, -1), op.input(2).dtype())};
}

// Leading axes are free.
Array batch_quantized(const Batched& op) {
  Arrays operands;
  for (std::size_t i = 0; i < op.inputs.size(); ++i)
    operands.push_back(op.batched_input(i));
  return apply(op.node.kind(), std::move(operands), op.attributes());
}

}  // namespace ashlar
