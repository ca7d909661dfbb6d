// SPDX-License-Identifier: Apache-2.0
// One random operation on values of a pool, by class of the op table.
#pragma once

#include "tests/differential/fuzz/array_pool.h"

namespace ashlar::testing {

// The result, of exact operands; nothing where the operands drawn do not suit.
using GraphStep = std::optional<Array> (*)(ArrayPool& pool);

std::optional<Array> elementwise_step(ArrayPool& pool);
std::optional<Array> source_step(ArrayPool& pool);
std::optional<Array> reduction_step(ArrayPool& pool);
std::optional<Array> contraction_step(ArrayPool& pool);
std::optional<Array> expert_step(ArrayPool& pool);
std::optional<Array> gather_step(ArrayPool& pool);
std::optional<Array> line_step(ArrayPool& pool);  // scans and sorts
std::optional<Array> philox_step(ArrayPool& pool);
std::optional<Array> dequantize_step(ArrayPool& pool);
std::optional<Array> attention_step(ArrayPool& pool);
std::optional<Array> norm_step(ArrayPool& pool);  // softmax and root mean square norms

// `count` rows to write along `axis` of an exact `target`: its own in another order, or others.
Array updates_of(ArrayPool& pool, const Array& target, std::int64_t count, int axis);

// The elements at other places, by up to three operations.
Array moved(ArrayPool& pool, Array x);

// Of any value, rough ones too.
std::optional<Array> movement_step(ArrayPool& pool);
std::optional<Array> scale_step(ArrayPool& pool);

}  // namespace ashlar::testing
