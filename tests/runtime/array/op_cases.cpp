// SPDX-License-Identifier: Apache-2.0
#include "tests/runtime/array/op_cases.h"

#include "runtime/array/ops.h"
#include "runtime/array/table_functions.h"

#include <fmt/format.h>

#include <algorithm>

namespace ashlar::testing {
namespace {

using Cases = std::vector<OpCase>;

Array ints(std::initializer_list<std::int32_t> values, const Shape& shape) {
  return array(values, shape);
}

bool is_positive_op(OpKind kind) {
  constexpr OpKind kOps[] = {OpKind::log,  OpKind::log2,       OpKind::log1p,
                             OpKind::sqrt, OpKind::reciprocal, OpKind::rsqrt};
  return std::ranges::find(kOps, kind) != std::end(kOps);
}

// Values of the op's first element type.
Array operand(const OpInfo& info, const Shape& shape, double low, double high, int seed) {
  const Array reals = numbers(shape, low, high, seed);
  const DType dtype = info.dtypes.front();
  if (dtype == DType::f32)
    return reals;
  const Array scaled = reals * 3.0;
  const Array constant = dtype == DType::boolean ? reals > 0.2 : astype(scaled, dtype);
  return constant;
}

Cases elementwise_cases() {
  Cases cases;
  for (const OpInfo& info : all_ops()) {
    if (info.op_class != OpClass::elementwise || info.kind == OpKind::select ||
        info.kind == OpKind::cast || info.kind == OpKind::bitcast)
      continue;
    const bool positive = is_positive_op(info.kind) || info.kind == OpKind::power ||
                          info.kind == OpKind::left_shift || info.kind == OpKind::right_shift;
    Arrays inputs{operand(info, {2, 3}, positive ? 0.3 : -1.5, 1.5, 1)};
    if (info.arguments.size() == 2) {
      const bool divides = info.kind == OpKind::div || info.kind == OpKind::remainder ||
                           info.kind == OpKind::floor_divide;
      inputs.push_back(operand(info, {2, 3}, divides || positive ? 0.4 : -1.5, 1.4, 2));
    }
    const bool smooth = info.kind != OpKind::abs && info.kind != OpKind::maximum &&
                        info.kind != OpKind::minimum && info.kind != OpKind::remainder;
    cases.push_back({info.kind, std::string(info.name),
                     [kind = info.kind](const Arrays& x) { return Arrays{apply(kind, x)}; },
                     std::move(inputs), smooth});
  }
  cases.push_back({OpKind::select,
                   "select",
                   [](const Arrays& x) { return Arrays{table::select(x[0], x[1], x[2])}; },
                   {numbers({2, 3}, -1, 1, 3) > 0, numbers({2, 3}), numbers({2, 3}, -1, 1, 1)}});
  cases.push_back({OpKind::cast,
                   "cast",
                   [](const Arrays& x) { return Arrays{table::cast(x[0], DType::f32)}; },
                   {numbers({2, 3})}});
  cases.push_back({OpKind::bitcast,
                   "bitcast",
                   [](const Arrays& x) { return Arrays{table::bitcast(x[0], DType::i32)}; },
                   {numbers({2, 3})}});
  return cases;
}

template <typename F> OpCase unary(OpKind op, std::string name, const Array& input, F function) {
  return {
      op, std::move(name), [function](const Arrays& x) { return Arrays{function(x[0])}; }, {input}};
}

Cases movement_cases() {
  const Array x = numbers({2, 3});
  return {
      unary(OpKind::reshape, "reshape", x, [](const Array& a) { return reshape(a, {3, 2}); }),
      unary(OpKind::transpose, "transpose", numbers({2, 3, 2}),
            [](const Array& a) { return transpose(a, {2, 0, 1}); }),
      unary(OpKind::broadcast, "broadcast", numbers({1, 3}),
            [](const Array& a) { return broadcast_to(a, {2, 4, 3}); }),
      unary(OpKind::slice, "slice", numbers({4, 3}),
            [](const Array& a) { return a(Slice(1, 3), Slice(kEnd, kEnd).by(-1)); }),
      unary(OpKind::slice, "slice_steps", numbers({7, 2}),
            [](const Array& a) { return a(Slice(1, kEnd).by(2)); }),
      unary(OpKind::slice, "slice_steps_back", numbers({8, 2}),
            [](const Array& a) { return a(Slice(6, kEnd).by(-3)); }),
      unary(OpKind::pad, "pad", x, [](const Array& a) { return pad(a, {1, 0}, {0, 2}, 3.0); }),
      {OpKind::concat,
       "concat",
       [](const Arrays& a) { return Arrays{concatenate(a, 1)}; },
       {x, numbers({2, 1}, -1, 1, 4), numbers({2, 2}, -1, 1, 5)}},
  };
}

Cases reduction_cases() {
  const Array x = numbers({2, 3, 2});
  Cases cases;
  for (const OpInfo& info : all_ops()) {
    if (info.op_class != OpClass::reduction)
      continue;
    const bool smooth = info.kind != OpKind::reduce_max && info.kind != OpKind::reduce_min;
    if (info.arguments[1].kind == ArgumentKind::integer) {
      cases.push_back({info.kind,
                       std::string(info.name),
                       [kind = info.kind](const Arrays& a) {
                         return Arrays{
                             apply(kind, a, {{"axis", std::int64_t{1}}, {"keepdims", false}})};
                       },
                       {x}});
      continue;
    }
    const Array input = info.dtypes.front() == DType::boolean ? x > 0 : x;
    for (bool keepdims : {false, true})
      cases.push_back(
          {info.kind,
           fmt::format("{}_{}", info.name, keepdims),
           [kind = info.kind, keepdims](const Arrays& a) {
             return Arrays{apply(
                 kind, a, {{"axes", std::vector<std::int64_t>{0, 2}}, {"keepdims", keepdims}})};
           },
           {input},
           smooth});
  }
  cases.push_back(unary(OpKind::reduce_prod, "reduce_prod_with_zeros",
                        array({0.0F, 2.0F, 0.5F, 0.0F, 0.0F, 3.0F}, {2, 3}),
                        [](const Array& a) { return prod(a, 1); }));
  return cases;
}

Cases contraction_cases() {
  const auto product = [](std::string name, const Shape& lhs, const Shape& rhs, bool transposed) {
    return OpCase{OpKind::matmul,
                  std::move(name),
                  [transposed](const Arrays& a) {
                    return Arrays{table::matmul(a[0], a[1], transposed, DType::f32)};
                  },
                  {numbers(lhs), numbers(rhs, -1, 1, 6)}};
  };
  const auto experts = [](std::string name, const Shape& lhs, const Shape& rhs, bool transposed,
                          const Array& ids) {
    return OpCase{OpKind::expert_matmul,
                  std::move(name),
                  [transposed](const Arrays& a) {
                    return Arrays{table::expert_matmul(a[0], a[1], a[2], transposed, DType::f32)};
                  },
                  {numbers(lhs), numbers(rhs, -1, 1, 6), ids}};
  };
  const Array chosen = ints({2, 0, 1, 5}, {2, 2}), alone = ints({-1, 1}, {1, 2, 1});
  return {experts("expert_matmul", {2, 2, 3}, {3, 3, 4}, false, chosen),
          experts("expert_matmul_transposed", {1, 2, 1, 3}, {2, 4, 3}, true, alone),
          product("matmul", {2, 3}, {3, 4}, false),
          product("matmul_transposed", {2, 3}, {4, 3}, true),
          product("matmul_shared", {2, 2, 3}, {3, 2}, false),
          product("matmul_shared_transposed", {2, 2, 3}, {2, 3}, true),
          product("matmul_batched", {2, 2, 3}, {2, 3, 2}, false),
          product("matmul_batched_transposed", {2, 2, 3}, {2, 2, 3}, true)};
}

OpCase attention_case(std::string name, const AttentionOptions& options, std::int64_t rows,
                      const Array& position, const Array& length, bool sinks = false) {
  Arrays inputs{numbers({2, 2, 2, 2}), numbers({rows, 2, 1, 2}, -1, 1, 7),
                numbers({rows, 2, 1, 3}, -1, 1, 8), position, length};
  if (sinks)
    inputs.push_back(numbers({2, 2}, -1, 1, 3));
  return {OpKind::attention, std::move(name),
          [options, sinks](const Arrays& a) {
            return Arrays{attention(a[0], a[1], a[2], a[3], a[4], options,
                                    sinks ? std::optional(a[5]) : std::nullopt)};
          },
          std::move(inputs)};
}

Cases attention_cases() {
  const Array start = ints({0, 1}, {2}), filled = ints({2, 3}, {2});
  return {attention_case("attention", {.scale = 0.7}, 3, start, filled),
          attention_case("attention_open", {.scale = 0.7, .causal = false}, 3, start, filled),
          attention_case("attention_window", {.window = 2, .softcap = 1.5}, 4, start, filled),
          attention_case("attention_ring", {.window = 2, .ring = 3}, 3, ints({3, 4}, {2}),
                         ints({5, 6}, {2})),
          attention_case("attention_of_nothing", {.scale = 0.7}, 3, start, ints({0, 2}, {2})),
          attention_case("attention_sinks", {.scale = 0.7}, 3, start, filled, true)};
}

Cases gather_cases() {
  const Array x = numbers({3, 4}), updates = numbers({2, 4}, -1, 1, 9);
  const auto with_axis = [](auto function, int axis) {
    return [function, axis](const Arrays& a) {
      if constexpr (std::is_invocable_v<decltype(function), const Array&, const Array&,
                                        const Array&, std::int64_t>)
        return Arrays{function(a[0], a[1], a[2], axis)};
      else
        return Arrays{function(a[0], a[1], axis)};
    };
  };
  const Array rows = ints({1, -1, 7, 1}, {2, 2}), columns = ints({0, 3, -4, 1, 1, 9}, {3, 2});
  const Array meeting = ints({2, 2}, {2, 1}), dropped = ints({1, -1}, {2, 1});
  const Array each = ints({0, 1, 2, 0, 0, 5, 1, 0}, {2, 4});
  return {
      {OpKind::take, "take", with_axis(table::take, 0), {x, rows}},
      {OpKind::take, "take_columns", with_axis(table::take, 1), {x, rows}},
      {OpKind::take_along_axis,
       "take_along_axis",
       with_axis(table::take_along_axis, 1),
       {x, columns}},
      {OpKind::scatter, "scatter", with_axis(table::scatter, 0), {x, meeting, updates}},
      {OpKind::scatter, "scatter_dropped", with_axis(table::scatter, 0), {x, dropped, updates}},
      {OpKind::scatter, "scatter_each", with_axis(table::scatter, 0), {x, each, updates}},
      {OpKind::scatter_add, "scatter_add", with_axis(table::scatter_add, 0), {x, meeting, updates}},
      {OpKind::scatter_add,
       "scatter_add_each",
       with_axis(table::scatter_add, 0),
       {x, each, updates}},
  };
}

Cases scan_and_sort_cases() {
  const Array x = numbers({3, 4});
  Cases cases;
  for (bool reverse : {false, true})
    for (bool exclusive : {false, true})
      cases.push_back(
          unary(OpKind::cumsum, fmt::format("cumsum_{}_{}", reverse, exclusive), x,
                [=](const Array& a) { return table::cumsum(a, 1, reverse, exclusive); }));
  for (bool descending : {false, true}) {
    cases.push_back(unary(OpKind::sort, fmt::format("sort_{}", descending), x,
                          [=](const Array& a) { return table::sort(a, 0, descending); }));
    cases.push_back(unary(OpKind::argsort, fmt::format("argsort_{}", descending), x,
                          [=](const Array& a) { return table::argsort(a, 1, descending); }));
  }
  cases.push_back(unary(OpKind::topk_indices, "topk_indices", x,
                        [](const Array& a) { return table::topk_indices(a, 2, 1); }));
  return cases;
}

// Two rows of 4-bit numbers in two groups of 32.
OpCase dequantize_case() {
  std::vector<std::uint32_t> words;
  for (std::uint32_t i = 0; i < 16; ++i)
    words.push_back(0x9E3779B9U * (i + 1));
  return {OpKind::dequantize,
          "dequantize",
          [](const Arrays& a) {
            return Arrays{table::dequantize(a[0], a[1], a[2], 4, 32, DType::f32)};
          },
          {array(std::span<const std::uint32_t>(words), {2, 8}), numbers({2, 2}),
           numbers({2, 2}, -1, 1, 9)}};
}

OpCase dequantize_mxfp4_case() {
  std::vector<std::uint8_t> bytes;
  for (std::uint32_t i = 0; i < 64; ++i)
    bytes.push_back(static_cast<std::uint8_t>(37 * i + 11));
  const std::vector<std::uint8_t> scales{127, 126, 130, 125};
  return {OpKind::dequantize_mxfp4,
          "dequantize_mxfp4",
          [](const Arrays& a) { return Arrays{table::dequantize_mxfp4(a[0], a[1], DType::f32)}; },
          {array(std::span<const std::uint8_t>(bytes), {2, 2, 16}),
           array(std::span<const std::uint8_t>(scales), {2, 2})}};
}

OpCase dequantize_k_case() {
  std::vector<std::uint32_t> words, scales;
  for (std::uint32_t i = 0; i < 64; ++i)
    words.push_back(0x9E3779B9U * (i + 1));
  for (std::uint32_t i = 0; i < 10; ++i)
    scales.push_back(i % 5 == 0 ? 0x34003000U : 0x85EBCA6BU * (i + 1));  // d 0.125, m 0.25
  return {OpKind::dequantize_k,
          "dequantize_k",
          [](const Arrays& a) { return Arrays{table::dequantize_k(a[0], a[1], 4, DType::f32)}; },
          {array(std::span<const std::uint32_t>(words), {2, 32}),
           array(std::span<const std::uint32_t>(scales), {2, 5})}};
}

OpCase dequantize_float_case() {
  std::vector<std::uint32_t> words;
  for (std::uint32_t i = 0; i < 16; ++i)
    words.push_back(0x9E3779B9U * (i + 1));
  return {OpKind::dequantize_float,
          "dequantize_float",
          [](const Arrays& a) {
            return Arrays{table::dequantize_float(a[0], a[1], 4, 3, 32, DType::f32)};
          },
          {array(std::span<const std::uint32_t>(words), {2, 8}), numbers({2, 1})}};
}

OpCase philox_case() {
  const auto words = [](std::initializer_list<std::uint32_t> w) { return array(w, Shape{3}); };
  return {
      OpKind::philox,
      "philox",
      [](const Arrays& a) { return Arrays{table::philox(a[0], a[1], a[2], a[3], a[4], a[5], 1)}; },
      {words({1, 2, 3}), words({0, 5, 0}), words({0, 0, 0}), words({9, 9, 9}), words({4, 5, 6}),
       words({1, 1, 2})}};
}

}  // namespace

const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> cases = [] {
    Cases all = {philox_case(), dequantize_case(), dequantize_mxfp4_case(), dequantize_k_case(),
                 dequantize_float_case()};
    for (const Cases& part :
         {elementwise_cases(), movement_cases(), reduction_cases(), contraction_cases(),
          attention_cases(), gather_cases(), scan_and_sort_cases()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return cases;
}

}  // namespace ashlar::testing
