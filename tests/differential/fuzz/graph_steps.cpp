// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/fuzz/graph_steps.h"

#include "runtime/array/ops.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"

namespace ashlar::testing {
namespace {

using Dims = std::vector<std::int64_t>;

Shape with_dim(const Shape& shape, int axis, std::int64_t extent) {
  Dims dims = shape.dims();
  dims[static_cast<std::size_t>(axis)] = extent;
  return Shape(std::move(dims));
}

// Integers of [low, high): literals, or computed from values of the pool.
Array indices(ArrayPool& pool, const Shape& shape, std::int64_t low, std::int64_t high) {
  const DType dtype = pool.chance(3) ? DType::i64 : DType::i32;
  if (pool.chance(2))
    return pool.integers(dtype, shape, low, high);
  return pool.fitted(dtype, shape) % (high - low) + low;
}

std::optional<Array> arg_reduction(ArrayPool& pool, OpKind kind, const Array& x) {
  const int axis = pool.roll(x.rank());
  if (x.dim(axis) == 0)
    return std::nullopt;
  return apply(kind, {x}, {{"axis", std::int64_t{axis}}, {"keepdims", pool.chance(2)}});
}

Array sliced(ArrayPool& pool, const Array& x) {
  constexpr std::int64_t kSteps[] = {1, 1, 2, 3};
  std::vector<Index> slices;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const std::int64_t low = pool.roll(x.dim(axis) + 1) / 2, high = x.dim(axis) - pool.roll(2);
    slices.push_back(Slice(low, high).by(pool.choose(kSteps)));
  }
  return index(x, slices);
}

Array permuted(ArrayPool& pool, const Array& x) {
  Ints permutation;
  for (int axis = 0; axis < x.rank(); ++axis)
    permutation.insert(permutation.begin() + pool.roll(axis + 1), axis);
  return transpose(x, permutation);
}

// Splits an axis where it is even, else joins two.
Array reshaped(ArrayPool& pool, const Array& x) {
  const int axis = pool.roll(x.rank());
  if (x.dim(axis) % 2 == 0 && x.dim(axis) > 0 && pool.chance(2))
    return unflatten(x, axis, pool.chance(2) ? Shape{2, -1} : Shape{-1, 2});
  return axis + 1 < x.rank() ? flatten(x, axis, axis + 1) : reshape(x, {-1});
}

Array padded(ArrayPool& pool, const Array& x) {
  Dims low, high;
  for (int axis = 0; axis < x.rank(); ++axis) {
    low.push_back(pool.roll(3));
    high.push_back(pool.roll(2));
  }
  return pad(x, low, high, pool.roll(3));
}

Array moved_once(ArrayPool& pool, const Array& x) {
  switch (pool.roll(9)) {
  case 0:
    return reshaped(pool, x);
  case 1:
  case 2:
    return permuted(pool, x);
  case 3:
  case 4:
    return sliced(pool, x);
  case 5:
    return padded(pool, x);
  case 6: {
    Dims dims = x.shape().dims();
    dims.insert(dims.begin(), 1 + pool.roll(3));
    return broadcast_to(x, Shape(dims));
  }
  case 7:
    return flip(x, pool.roll(x.rank()));
  default: {
    const int axis = pool.roll(x.rank());
    return concatenate({x, pool.fitted(x.dtype(), with_dim(x.shape(), axis, 1 + pool.roll(3)))},
                       axis);
  }
  }
}

}  // namespace

// Several in a row: passes merge them.
Array moved(ArrayPool& pool, Array x) {
  if (x.rank() == 0)
    x = expand_dims(x, 0);
  for (int count = 1 + pool.roll(3); count > 0; --count)
    x = moved_once(pool, x);
  return x;
}

std::optional<Array> movement_step(ArrayPool& pool) {
  return moved(pool, pool.any());
}

std::optional<Array> reduction_step(ArrayPool& pool) {
  constexpr OpKind kKinds[] = {OpKind::reduce_sum, OpKind::reduce_sum,  OpKind::reduce_max,
                               OpKind::reduce_min, OpKind::reduce_prod, OpKind::reduce_any,
                               OpKind::reduce_all, OpKind::argmax,      OpKind::argmin};
  const OpKind kind = pool.choose(kKinds);
  Array x = pool.exact(1);
  if (op_info(kind).dtypes.size() == 1)
    x = convert(x, DType::boolean);
  else if (x.dtype() == DType::boolean)
    x = convert(x, DType::i32);
  if (kind == OpKind::argmax || kind == OpKind::argmin)
    return arg_reduction(pool, kind, x);
  if (kind == OpKind::reduce_sum)
    x = tame(x);
  if (kind == OpKind::reduce_prod)
    x = sign(x);
  Dims axes;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (pool.chance(2) && (x.dim(axis) > 0 || kind == OpKind::reduce_sum))
      axes.push_back(axis);
  return apply(kind, {x}, {{"axes", axes}, {"keepdims", pool.chance(2)}});
}

std::optional<Array> contraction_step(ArrayPool& pool) {
  Array x = tame(pool.exact(2));
  if (x.dtype() == DType::boolean)
    x = convert(x, DType::i32);
  constexpr std::int64_t kColumns[] = {1, 2, 5, 16};
  constexpr DType kFloats[] = {DType::f32, DType::bf16, DType::f16};
  const bool transposed = pool.chance(2), shared = pool.chance(2), swapped = pool.chance(2);
  const std::int64_t k = x.dim(-1), n = pool.choose(kColumns);
  Dims dims = shared ? Dims{} : Dims(x.shape().dims().begin(), x.shape().dims().end() - 2);
  const bool stored_transposed = transposed != swapped;
  dims.insert(dims.end(), {stored_transposed ? n : k, stored_transposed ? k : n});
  const DType other = is_float(x.dtype()) ? pool.choose(kFloats) : x.dtype();
  const Array matrix = tame(pool.fitted(other, Shape(dims)));
  return table::matmul(x, swapped ? swapaxes(matrix, -2, -1) : matrix, transposed, other);
}

std::optional<Array> expert_step(ArrayPool& pool) {
  constexpr DType kFloats[] = {DType::f32, DType::bf16, DType::f16};
  const DType dtype = pool.choose(kFloats);
  const std::int64_t rows = 1 + pool.roll(12), summed = 1 + pool.roll(2), k = 1 + pool.roll(8),
                     n = 1 + pool.roll(8), experts = 1 + pool.roll(4);
  const bool transposed = pool.chance(2);
  const Array matrices =
      tame(pool.fitted(dtype, transposed ? Shape{experts, n, k} : Shape{experts, k, n}));
  return table::expert_matmul(tame(pool.fitted(dtype, {rows, summed, k})), matrices,
                              indices(pool, {rows, summed}, -1, experts + 1), transposed,
                              pool.choose(kFloats));
}

Array updates_of(ArrayPool& pool, const Array& target, std::int64_t count, int axis) {
  const std::int64_t extent = target.dim(axis);
  if (extent == 0 || pool.chance(2))
    return pool.fitted(target.dtype(), with_dim(target.shape(), axis, count));
  return take(target, pool.integers(DType::i32, {count}, 0, extent), axis);
}

std::optional<Array> gather_step(ArrayPool& pool) {
  const Array x = pool.exact(1);
  const int axis = pool.roll(x.rank());
  const std::int64_t extent = x.dim(axis), count = 1 + pool.roll(4);
  const Shape picked = with_dim(x.shape(), axis, count);
  switch (pool.roll(4)) {
  case 0:
    return take(
        x, indices(pool, pool.chance(2) ? Shape{count} : Shape{2, count}, -extent - 1, extent + 2),
        axis);
  case 1:
    return take_along_axis(x, indices(pool, picked, -extent - 1, extent + 2), axis);
  case 2:
    return scatter(x, indices(pool, pool.chance(2) ? Shape{count} : picked, -1, extent + 1),
                   updates_of(pool, x, count, axis), axis);
  default: {
    if (x.dtype() == DType::boolean)
      return std::nullopt;
    const Array target = tame(x);
    return scatter_add(target, indices(pool, picked, -1, extent + 1),
                       tame(updates_of(pool, target, count, axis)), axis);
  }
  }
}

std::optional<Array> line_step(ArrayPool& pool) {
  Array x = pool.exact(1);
  if (x.dtype() == DType::boolean)
    x = convert(x, DType::u8);
  const int axis = pool.roll(x.rank());
  const bool flag = pool.chance(2);
  switch (pool.roll(5)) {
  case 0:
  case 1:
    return table::cumsum(tame(x), axis, flag, pool.chance(2));
  case 2:
    return table::sort(x, axis, flag);
  case 3:
    return table::argsort(x, axis, flag);
  default:
    return table::topk_indices(x, pool.roll(x.dim(axis) + 1), axis);
  }
}

std::optional<Array> philox_step(ArrayPool& pool) {
  const Array x = convert(pool.exact(), DType::u32);
  const auto word = [&] { return pool.fitted(DType::u32, x.shape()); };
  return table::philox(x, word(), word(), word(), word(), word(), pool.roll(4));
}

std::optional<Array> dequantize_step(ArrayPool& pool) {
  const std::int64_t bits = pool.choose(kQuantizedBits), group = 32;
  const Shape groups{1 + pool.roll(3), 1 + pool.roll(2)};
  constexpr DType kFloats[] = {DType::f32, DType::bf16, DType::f16};
  const DType stored = pool.choose(kFloats);
  return table::dequantize(
      pool.leaf(DType::u32, {groups.dim(0), groups.dim(1) * group * bits / 32}),
      tame(pool.fitted(stored, groups)), tame(pool.fitted(stored, groups)), bits, group,
      pool.choose(kFloats));
}

std::optional<Array> attention_step(ArrayPool& pool) {
  const std::int64_t batch = 1 + pool.roll(2), tokens = 1 + pool.roll(3), rows = 1 + pool.roll(6),
                     groups = 1 + pool.roll(2), heads = groups * (1 + pool.roll(2));
  const DType dtype = pool.chance(2) ? DType::f32 : DType::bf16;
  const auto finite = [&](const Shape& shape) {
    const Array x = tame(pool.fitted(dtype, shape));
    return where(is_nan(x), 0, x);
  };
  // Values of one sign: a mean of them does not cancel.
  const Array query = finite({batch, tokens, heads, 4}), key = finite({rows, batch, groups, 4}),
              value = abs(finite({rows, batch, groups, 3}));
  const Array position = indices(pool, {batch}, 0, rows + 1),
              length = indices(pool, {batch}, 0, rows + 1);
  return attention(query, key, value, convert(position, DType::i32), convert(length, DType::i32),
                   {.scale = 0.25,
                    .causal = pool.chance(2),
                    .window = pool.roll(3),
                    .softcap = pool.chance(2) ? 2.0 : 0.0});
}

}  // namespace ashlar::testing
