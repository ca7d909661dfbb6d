// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/cases.h"

#include "runtime/array/ops.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/k_encoding.h"

#include <algorithm>
#include <cmath>

namespace ashlar::testing {
namespace {

using Cases = std::vector<Case>;

// Sums of up to a few hundred numbers of size 1 in f32, then one rounding.
Tolerance sums_in(DType dtype) {
  return is_float(dtype) ? Tolerance{dtype == DType::f32 ? 16.0 : 1.0, 2e-5} : Tolerance{};
}

Domain domain_of(OpKind kind) {
  switch (kind) {
  case OpKind::log:
  case OpKind::log2:
  case OpKind::sqrt:
  case OpKind::rsqrt:
  case OpKind::power:
    return Domain::positive;
  case OpKind::log1p:
    return Domain::above_minus_one;
  case OpKind::tan:
    return Domain::small;
  case OpKind::sin:
  case OpKind::cos:
    return Domain::angles;
  case OpKind::reciprocal:
  case OpKind::exp:
  case OpKind::exp2:
  case OpKind::expm1:
  case OpKind::tanh:
  case OpKind::erf:
  case OpKind::sigmoid:
  case OpKind::silu:
  case OpKind::gelu:
  case OpKind::gelu_tanh:
  case OpKind::softplus:
  case OpKind::arctan2:
  case OpKind::remainder:
  case OpKind::floor_divide:
    return Domain::finite;
  default:
    return Domain::any;
  }
}

Tolerance elementwise_tolerance(OpKind kind, DType dtype) {
  const double ulps = ulps_of(kind);
  // Results near 0 (sin near pi, gelu far left) are differences of larger numbers.
  return ulps == 0 || !is_float(dtype) ? Tolerance{}
                                       : Tolerance{dtype == DType::f32 ? ulps : 1, 2e-7};
}

Array quotient_safe(Leaves& leaves, DType dtype, const Shape& shape) {
  // Powers of two: the floor of a quotient never hangs on the last bit.
  const Array exponents = leaves.indices(DType::i32, shape, -1, 3);
  return convert(exp2(convert(exponents, DType::f32)), dtype);
}

Cases elementwise_cases(const OpInfo& info, DType dtype, const Shape& shape, Leaves& leaves) {
  const Tolerance tolerance = elementwise_tolerance(info.kind, dtype);
  if (info.kind == OpKind::cast) {
    Cases cases;
    const Array x = leaves.leaf(dtype, shape, Domain::any);
    for (DType target : op_info(OpKind::cast).dtypes)
      if (target != dtype)
        cases.push_back({table::cast(x, target), {}});
    return cases;
  }
  if (info.kind == OpKind::bitcast) {
    Cases cases;
    const Array x = leaves.leaf(dtype, shape, is_float(dtype) ? Domain::finite : Domain::any);
    for (DType target : info.dtypes)
      if (target != dtype && size_of(target) == size_of(dtype))
        cases.push_back({table::bitcast(x, target), {}});
    return cases;
  }
  if (info.kind == OpKind::select)
    return {{table::select(leaves.leaf(DType::boolean, shape, Domain::any),
                           leaves.leaf(dtype, shape, Domain::any),
                           leaves.leaf(dtype, shape, Domain::any)),
             {}}};
  std::vector<Array> operands = {leaves.leaf(dtype, shape, domain_of(info.kind))};
  if (info.arguments.size() == 2) {
    const bool shifts = info.kind == OpKind::left_shift || info.kind == OpKind::right_shift;
    const bool floors = info.kind == OpKind::floor_divide || info.kind == OpKind::remainder;
    if (floors && is_float(dtype))
      operands.push_back(quotient_safe(leaves, dtype, shape));
    else if (info.kind == OpKind::power)
      operands.push_back(leaves.leaf(dtype, shape, Domain::unit));
    else
      operands.push_back(leaves.leaf(dtype, shape, shifts ? Domain::shifts : domain_of(info.kind)));
  }
  return {{apply(info.kind, operands), tolerance}};
}

Cases source_cases(const OpInfo& info, DType dtype, const Shape& shape) {
  if (info.kind == OpKind::full)
    return {{table::full(shape.dims(), dtype, dtype == DType::boolean ? 1 : 3.3), {}}};
  Cases cases;
  for (int axis = 0; axis < shape.rank(); ++axis)
    cases.push_back({table::iota(shape.dims(), dtype, axis), {}});
  return cases;
}

Cases movement_cases(const OpInfo& info, DType dtype, const Shape& shape, Leaves& leaves) {
  if (shape.rank() == 0)
    return {};
  const Array x = leaves.leaf(dtype, shape, Domain::any);
  switch (info.kind) {
  case OpKind::reshape:
    return {{reshape(x, {-1}), {}}, {reshape(transpose(x), {x.dim(0), -1}), {}}};
  case OpKind::transpose:
    return {{transpose(x), {}}, {moveaxis(x, 0, -1) == moveaxis(x, 0, -1), {}}};
  case OpKind::broadcast:
    return {{broadcast_to(expand_dims(x, 0),
                          [&] {
                            std::vector<std::int64_t> dims = shape.dims();
                            dims.insert(dims.begin(), 3);
                            return Shape(dims);
                          }()),
             {}}};
  case OpKind::slice:
    return {{x(kEllipsis, Slice(x.dim(-1) / 2, kEnd)), {}}, {x(Slice().by(-2)), {}}, {x(-1), {}}};
  case OpKind::pad: {
    const std::vector<std::int64_t> low(static_cast<std::size_t>(shape.rank()), 1);
    const std::vector<std::int64_t> high(static_cast<std::size_t>(shape.rank()), 2);
    return {{pad(x, low, high, 1), {}}};
  }
  default:
    return {{concatenate({x, leaves.leaf(dtype, shape, Domain::any), x}, -1), {}},
            {concatenate({x, x}, 0), {}}};
  }
}

Cases reduction_cases(const OpInfo& info, DType dtype, const Shape& shape, Leaves& leaves) {
  const bool arg = info.kind == OpKind::argmax || info.kind == OpKind::argmin;
  const bool exact =
      !is_float(dtype) || arg || info.kind == OpKind::reduce_max || info.kind == OpKind::reduce_min;
  const Array x = leaves.leaf(dtype, shape, exact ? Domain::any : Domain::unit);
  Cases cases;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (arg)
      cases.push_back(
          {apply(info.kind, {x}, {{"axis", std::int64_t{axis}}, {"keepdims", false}}), {}});
    else
      cases.push_back({apply(info.kind, {x},
                             {{"axes", std::vector<std::int64_t>{axis}}, {"keepdims", axis == 0}}),
                       exact ? Tolerance{} : sums_in(dtype)});
  }
  if (!arg)
    cases.push_back(
        {apply(info.kind, {x}, {{"axes", Axes().resolve(shape.rank())}, {"keepdims", false}}),
         exact ? Tolerance{} : sums_in(dtype)});
  return cases;
}

Cases matmul_cases(DType dtype, Leaves& leaves) {
  Cases cases;
  const Tolerance tolerance = sums_in(dtype);
  const auto leaf = [&](const Shape& shape) { return leaves.leaf(dtype, shape, Domain::unit); };
  for (std::int64_t rows : {1, 3, 20})
    for (bool transposed : {false, true})
      cases.push_back(
          {table::matmul(leaf({rows, 40}), leaf(transposed ? Shape{24, 40} : Shape{40, 24}),
                         transposed, dtype),
           tolerance});
  cases.push_back({table::matmul(leaf({2, 3, 5, 8}), leaf({2, 3, 8, 4}), false, dtype), tolerance});
  cases.push_back({table::matmul(leaf({2, 5, 8}), leaf({6, 8}), true, dtype), tolerance});
  if (is_float(dtype))
    cases.push_back({table::matmul(leaves.leaf(DType::f32, {2, 40}, Domain::unit), leaf({24, 40}),
                                   true, DType::f32),
                     sums_in(DType::f32)});
  return cases;
}

Cases expert_matmul_cases(DType dtype, Leaves& leaves) {
  Cases cases;
  const auto leaf = [&](const Shape& shape) { return leaves.leaf(dtype, shape, Domain::unit); };
  // Few rows, then more than matrices; numbers outside choose the nearest.
  const auto add = [&](std::int64_t rows, std::int64_t summed, bool transposed) {
    const Shape matrices = transposed ? Shape{5, 24, 40} : Shape{5, 40, 24};
    cases.push_back(
        {table::expert_matmul(leaf({rows, summed, 40}), leaf(matrices),
                              leaves.indices(DType::i32, {rows, summed}, -1, 7), transposed, dtype),
         sums_in(dtype)});
  };
  add(1, 1, true);
  add(3, 2, true);
  add(20, 2, true);
  add(2, 1, false);
  add(20, 1, false);
  cases.push_back(
      {table::expert_matmul(leaves.leaf(DType::f32, {2, 2, 3, 36}, Domain::unit), leaf({4, 9, 36}),
                            leaves.indices(DType::u32, {2, 2, 3}, 0, 5), true, DType::f32),
       sums_in(DType::f32)});
  return cases;
}

Cases attention_cases(DType dtype, Leaves& leaves) {
  Cases cases;
  const auto leaf = [&](const Shape& shape) { return leaves.leaf(dtype, shape, Domain::unit); };
  for (std::int64_t tokens : {1, 4}) {
    const Array q = leaf({2, tokens, 4, 8}), k = leaf({12, 2, 2, 8}), v = leaf({12, 2, 2, 16});
    const Array position = array({3, 6}), length = position + static_cast<int>(tokens);
    for (const AttentionOptions& options :
         {AttentionOptions{.scale = 0.3}, AttentionOptions{.scale = 0.3, .window = 3},
          AttentionOptions{.scale = 0.3, .causal = false, .softcap = 2.0},
          AttentionOptions{.scale = 0.3, .window = 4, .ring = 9}})
      cases.push_back({attention(q, k, v, position, length, options), sums_in(dtype)});
    cases.push_back({attention(q, k, v, position, length, {.scale = 0.3, .window = 3},
                               leaves.leaf(DType::f32, {2, 4}, Domain::unit)),
                     sums_in(dtype)});
  }
  return cases;
}

Cases gather_cases(const OpInfo& info, DType dtype, Leaves& leaves) {
  const Array x = leaves.leaf(dtype, {6, 5}, Domain::finite);
  if (info.kind == OpKind::take)
    return {{take(x, leaves.indices(DType::i32, {2, 3}, -7, 8), 0), {}},
            {take(x, leaves.indices(DType::i64, {4}, 0, 5), 1), {}}};
  if (info.kind == OpKind::take_along_axis)
    return {{take_along_axis(x, leaves.indices(DType::i32, {6, 2}, -6, 7), 1), {}},
            {take_along_axis(x, leaves.indices(DType::i32, {3, 5}, 0, 6), 0), {}}};
  const auto put = info.kind == OpKind::scatter ? table::scatter : table::scatter_add;
  const Tolerance tolerance = info.kind == OpKind::scatter_add ? sums_in(dtype) : Tolerance{};
  return {{put(x, leaves.indices(DType::i32, {4, 1}, -1, 8),
               leaves.leaf(dtype, {4, 5}, Domain::finite), 0),
           tolerance},
          {put(x, leaves.indices(DType::i32, {6, 3}, 0, 5),
               leaves.leaf(dtype, {6, 3}, Domain::finite), 1),
           tolerance}};
}

Cases scan_cases(DType dtype, const Shape& shape, Leaves& leaves) {
  Cases cases;
  const Array x = leaves.leaf(dtype, shape, Domain::unit);
  for (int axis = 0; axis < shape.rank(); ++axis)
    cases.push_back({table::cumsum(x, axis, axis % 2 == 1, axis > 0), sums_in(dtype)});
  return cases;
}

Cases sort_cases(const OpInfo& info, DType dtype, const Shape& shape, Leaves& leaves) {
  Cases cases;
  const Array x = leaves.leaf(dtype, shape, Domain::any);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (info.kind == OpKind::topk_indices)
      cases.push_back({table::topk_indices(x, (x.dim(axis) + 1) / 2, axis), {}});
    else
      cases.push_back(
          {apply(info.kind, {x}, {{"axis", std::int64_t{axis}}, {"descending", axis % 2 == 1}}),
           {}});
  }
  return cases;
}

Cases philox_cases(const Shape& shape, Leaves& leaves) {
  const auto word = [&] { return leaves.leaf(DType::u32, shape, Domain::any); };
  Cases cases;
  for (std::int64_t i = 0; i < 4; ++i)
    cases.push_back({table::philox(word(), word(), word(), word(), word(), word(), i), {}});
  return cases;
}

// Codes of 4 bits as bytes or words, with scales around 1.
Cases mxfp4_cases(DType dtype, Leaves& leaves) {
  const auto weights = [&](std::vector<std::int64_t> dims, std::int64_t length, DType result) {
    dims.push_back(length / 32);
    const Array scales = leaves.indices(DType::u8, Shape(dims), 120, 134);
    if (dtype == DType::u8)
      dims.push_back(16);
    else
      dims.back() *= 4;
    return dequantize_mxfp4(leaves.leaf(dtype, Shape(dims), Domain::any), scales, result);
  };
  Cases cases;
  cases.push_back({weights({3}, 96, DType::f32), {}});
  cases.push_back({weights({2, 3}, 64, DType::bf16), {}});
  const Array x = leaves.leaf(DType::f32, {3, 160}, Domain::unit);
  cases.push_back({linear(x, weights({21}, 160, DType::f32)), {16, 1e-2}});
  cases.push_back({expert_linear(expand_dims(x, 1), weights({3, 11}, 160, DType::f32),
                                 leaves.indices(DType::i32, {3, 1}, 0, 3)),
                   {16, 1e-2}});
  return cases;
}

// Any codes, of every encoding, with scales around 1.
Cases float_cases(Leaves& leaves) {
  Cases cases;
  for (const auto& [exponent, mantissa] : kSmallFloats)
    for (const std::int64_t group : kSmallFloatGroups) {
      const FloatEncoding encoding{exponent, mantissa, group};
      const auto weights = [&](std::vector<std::int64_t> dims, std::int64_t length, DType dtype) {
        dims.push_back(length * encoding.bits() / 32);
        const Array packed = leaves.leaf(DType::u32, Shape(dims), Domain::any);
        dims.back() = length / group;
        return dequantize_float(packed, leaves.leaf(DType::f16, Shape(dims), Domain::unit),
                                encoding, dtype);
      };
      cases.push_back({weights({3}, 256, DType::f32), {}});
      cases.push_back({weights({2, 3}, 128, DType::bf16), {}});
      const Array x = leaves.leaf(DType::f32, {3, 128}, Domain::unit);
      const double largest =
          decode_small_float(encoding, (1u << (encoding.bits() - 1)) - 1) * 128 * 1e-6;
      cases.push_back({linear(x, weights({21}, 128, DType::f32)), {16, largest}});
      cases.push_back({expert_linear(expand_dims(x, 1), weights({3, 11}, 128, DType::f32),
                                     leaves.indices(DType::i32, {3, 1}, 0, 3)),
                       {16, largest}});
    }
  return cases;
}

// Any numbers with scales in two steps: d and m are a half each, so that differences round alike.
Cases k_cases(Leaves& leaves) {
  Cases cases;
  for (const std::int64_t bits : {2, 3, 4, 5, 6, 8}) {
    const auto weights = [&](std::vector<std::int64_t> dims, std::int64_t length, DType dtype) {
      dims.push_back(length * bits / 32);
      const Array packed = leaves.leaf(DType::u32, Shape(dims), Domain::any);
      dims.back() = length / kSuperBlock;
      dims.push_back(kSuperBlockScaleWords - 1);
      const Array bytes = leaves.leaf(DType::u32, Shape(dims), Domain::any);
      dims.back() = 1;
      const Array halves = broadcast_to(array({0x38003800U}, {1}), Shape(dims));
      return dequantize_k(packed, flatten(concatenate({halves, bytes}, -1), -2), bits, dtype);
    };
    cases.push_back({weights({3}, 512, DType::f32), {}});
    cases.push_back(
        {take(weights({9}, 256, DType::bf16), leaves.indices(DType::i32, {4}, 0, 9), 0), {}});
    const std::int64_t rows = leaves.number(1, 12);
    const Array x = leaves.leaf(DType::f32, {rows, 512}, Domain::unit);
    const double largest = std::ldexp(512.0, static_cast<int>(bits) + 7);
    cases.push_back({linear(x, weights({2 * rows + 17}, 512, DType::f32)), {16, 1e-7 * largest}});
    cases.push_back({expert_linear(expand_dims(x, 1), weights({3, 11}, 512, DType::f32),
                                   leaves.indices(DType::i32, {rows, 1}, 0, 3)),
                     {16, 1e-7 * largest}});
  }
  return cases;
}

Cases quantized_cases(Leaves& leaves) {
  constexpr DType kFloats[] = {DType::f32, DType::f16, DType::bf16};
  Cases cases;
  for (std::int64_t bits : kQuantizedBits) {
    const AffineEncoding encoding{bits, kQuantizedGroups[leaves.number(0, 4)]};
    const DType stored = kFloats[leaves.number(0, 3)], dtype = kFloats[leaves.number(0, 3)];
    const auto packed = [&](std::vector<std::int64_t> dims, std::int64_t length) {
      dims.push_back(length * bits / 32);
      const Shape words(dims);
      dims.back() = length / encoding.group_size;
      const Shape groups(dims);
      return QuantizedArray{leaves.leaf(DType::u32, words, Domain::any),
                            leaves.leaf(stored, groups, Domain::unit),
                            leaves.leaf(stored, groups, Domain::unit), encoding};
    };
    const auto weights = [&](std::int64_t rows, std::int64_t length) {
      return packed({rows}, length);
    };
    // Scales in f32 have products that only a fused multiply-add keeps exact.
    const double lost = stored == DType::f32 ? std::ldexp(1.0, static_cast<int>(bits) - 23) : 0;
    cases.push_back({dequantize(weights(3, 256), dtype), {0, lost}});
    cases.push_back(
        {take(dequantize(weights(9, 128)), leaves.indices(DType::i32, {4}, -9, 9), 0), {0, lost}});
    const std::int64_t rows = leaves.number(1, 12), length = 128 * leaves.number(1, 4);
    const Array x = leaves.leaf(DType::f32, {rows, length}, Domain::unit);
    const double largest = std::ldexp(static_cast<double>(length), static_cast<int>(bits));
    cases.push_back({quantized_matmul(x, weights(2 * rows + 17, length)), {16, 1e-7 * largest}});
    cases.push_back({expert_linear(expand_dims(x, 1), dequantize(packed({3, 11}, length)),
                                   leaves.indices(DType::i32, {rows, 1}, 0, 3)),
                     {16, 1e-7 * largest}});
  }
  return cases;
}

}  // namespace

double ulps_of(OpKind kind) {
  switch (kind) {
  case OpKind::div:
  case OpKind::reciprocal:
  case OpKind::sqrt:
  case OpKind::rsqrt:
    return 3;
  case OpKind::exp:
  case OpKind::exp2:
  case OpKind::expm1:
  case OpKind::log:
  case OpKind::log2:
  case OpKind::log1p:
  case OpKind::sin:
  case OpKind::cos:
  case OpKind::tan:
  case OpKind::tanh:
  case OpKind::erf:
  case OpKind::arctan2:
    return 4;
  case OpKind::sigmoid:
  case OpKind::silu:
  case OpKind::gelu:
  case OpKind::gelu_tanh:
  case OpKind::softplus:
  case OpKind::power:
    return 16;
  default:
    return 0;
  }
}

std::vector<Case> make_cases(const OpInfo& info, DType dtype, const Shape& shape, Leaves& leaves) {
  if (std::ranges::find(info.dtypes, dtype) == info.dtypes.end())
    return {};
  switch (info.op_class) {
  case OpClass::source:
    return source_cases(info, dtype, shape);
  case OpClass::elementwise:
    return elementwise_cases(info, dtype, shape, leaves);
  case OpClass::movement:
    return movement_cases(info, dtype, shape, leaves);
  case OpClass::reduction:
    return reduction_cases(info, dtype, shape, leaves);
  case OpClass::contraction:
    return info.kind == OpKind::matmul ? matmul_cases(dtype, leaves)
                                       : expert_matmul_cases(dtype, leaves);
  case OpClass::gather:
    return gather_cases(info, dtype, leaves);
  case OpClass::scan:
    return scan_cases(dtype, shape, leaves);
  case OpClass::sort:
    return sort_cases(info, dtype, shape, leaves);
  case OpClass::random:
    return philox_cases(shape, leaves);
  case OpClass::attention:
    return attention_cases(dtype, leaves);
  case OpClass::quantized:
    return info.kind == OpKind::dequantize         ? quantized_cases(leaves)
           : info.kind == OpKind::dequantize_k     ? k_cases(leaves)
           : info.kind == OpKind::dequantize_float ? float_cases(leaves)
                                                   : mxfp4_cases(dtype, leaves);
  case OpClass::custom:
    return {};  // has no reference: tests/runtime/array/custom_kernel_test.cpp
  }
  __builtin_unreachable();
}

}  // namespace ashlar::testing
