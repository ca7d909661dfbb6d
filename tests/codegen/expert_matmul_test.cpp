// SPDX-License-Identifier: Apache-2.0
// Kernels with roots "expert_matvec" and "grouped_matmul": plain and packed matrices, odd sizes,
// several roots, rows of a larger tensor, every schedule.
#include "runtime/program/affine_encoding.h"
#include "tests/codegen/kernel_runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <optional>

namespace ashlar {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Size {
  std::int64_t m, summed, matrices, n, k;
};

using Dims = std::vector<std::int64_t>;

class ExpertTest : public KernelTest {
protected:
  static std::string tensor(const Dims& dims, DType dtype) {
    return fmt::format("tensor<{}x{}>", fmt::join(dims, "x"), mlir_name(dtype));
  }

  // Numbers beyond the matrices on both sides.
  static Tensor numbers(const Dims& dims, Size s) {
    return random(DType::i32, Shape(dims), -1, static_cast<double>(s.matrices) + 1, 7);
  }

  // The shape of the matrices, with outputs or inputs first.
  static Dims matrices(Size s, bool outputs_first, std::int64_t parts = 1) {
    return outputs_first ? Dims{s.matrices, parts * s.n, s.k} : Dims{s.matrices, s.k, parts * s.n};
  }

  static std::string multiply(RegionText& region, const std::string& x, const std::string& w,
                              const std::string& ids, Size s, DType left, DType weight,
                              bool outputs_first = true) {
    return region.op(fmt::format(
        "ashlar.expert_matmul {}, {}, {} {{transpose_rhs = {}, dtype = f32}} : ({}, {}, {}) -> {}",
        x, w, ids, outputs_first, tensor({s.m, s.summed, s.k}, left),
        tensor(matrices(s, outputs_first), weight), tensor({s.m, s.summed}, DType::i32),
        tensor({s.m, s.n}, DType::f32)));
  }

  static void check_plain(Size s, DType left, DType weight, const std::string& schedule = "",
                          const std::vector<bool>& layouts = {true, false}) {
    for (bool outputs_first : layouts) {
      SCOPED_TRACE(fmt::format("{}x{} rows, {} of {}x{}, {} {} {} {}", s.m, s.summed, s.matrices,
                               s.n, s.k, name_of(left), name_of(weight), outputs_first, schedule));
      const Dims matrix = matrices(s, outputs_first);
      RegionText region("expert_matvec", schedule);
      const std::string x = region.input(tensor({s.m, s.summed, s.k}, left)),
                        w = region.input(tensor(matrix, weight)),
                        ids = region.input(tensor({s.m, s.summed}, DType::i32));
      region.output(multiply(region, x, w, ids, s, left, weight, outputs_first),
                    tensor({s.m, s.n}, DType::f32));
      compare(region.text(),
              {random(left, {s.m, s.summed, s.k}), random(weight, Shape(matrix), -1, 1, 2),
               numbers({s.m, s.summed}, s)},
              {1e-5, 5e-5});
    }
  }

  // dequantize of three new inputs, [matrices, n, k] in f32; the inputs' values go to `inputs`.
  static std::string packed(RegionText& region, Size s, AffineEncoding encoding, Tensors& inputs) {
    const Dims words{s.matrices, s.n, s.k * encoding.bits / 32},
        groups{s.matrices, s.n, s.k / encoding.group_size};
    const std::string packed_type = tensor(words, DType::u32),
                      group_type = tensor(groups, DType::bf16);
    const std::string parts = fmt::format("{}, {}, {}", region.input(packed_type),
                                          region.input(group_type), region.input(group_type));
    inputs.push_back(random(DType::u32, Shape(words), 0, 0x1p32, 3));
    inputs.push_back(random(DType::bf16, Shape(groups), -0.1, 0.1, 4));
    inputs.push_back(random(DType::bf16, Shape(groups), -1, 1, 5));
    return region.op(fmt::format("ashlar.dequantize {} {{bits = {} : i64, group_size = {} : i64, "
                                 "dtype = f32}} : ({}, {}, {}) "
                                 "-> {}",
                                 parts, encoding.bits, encoding.group_size, packed_type, group_type,
                                 group_type, tensor({s.matrices, s.n, s.k}, DType::f32)));
  }

  static void check_packed(Size s, AffineEncoding encoding, std::string schedule = "") {
    SCOPED_TRACE(fmt::format("{}x{} rows, {}x{}, {} bits {}", s.m, s.summed, s.n, s.k,
                             encoding.bits, schedule));
    RegionText region("expert_matvec", std::move(schedule));
    const std::string x = region.input(tensor({s.m, s.summed, s.k}, DType::f32)),
                      ids = region.input(tensor({s.m, s.summed}, DType::i32));
    Tensors inputs{random(DType::f32, {s.m, s.summed, s.k}), numbers({s.m, s.summed}, s)};
    const std::string w = packed(region, s, encoding, inputs);
    region.output(multiply(region, x, w, ids, s, DType::f32, DType::f32),
                  tensor({s.m, s.n}, DType::f32));
    const double largest = 0.2 * static_cast<double>(s.summed * s.k << encoding.bits);
    compare(region.text(), inputs, {1e-5, 1e-7 * largest});
  }

  // In pairs of f16, each product with blocks of several left rows.
  static void check_halves(Size s, std::int64_t bits, const std::string& schedule) {
    SCOPED_TRACE(schedule);
    RegionText region("expert_matvec", schedule);
    const std::string x = region.input(tensor({s.m, s.summed, s.k}, DType::bf16)),
                      ids = region.input(tensor({s.m, s.summed}, DType::i32));
    Tensors inputs{random(DType::bf16, {s.m, s.summed, s.k}), numbers({s.m, s.summed}, s)};
    const std::string w = packed(region, s, {bits, 32}, inputs);
    region.output(multiply(region, x, w, ids, s, DType::bf16, DType::f32),
                  tensor({s.m, s.n}, DType::f32));
    const double terms = std::sqrt(static_cast<double>(s.summed * s.k));
    compare(region.text(), inputs, {1e-5, 1e-4 * std::exp2(static_cast<double>(bits)) * terms});
  }

  // Rows of scores that choose their matrices in the kernel, which also stores the numbers and the
  // softmax of their scores. A row of the left side for each number.
  struct Choice {
    std::int64_t rows, chosen;
    Size size;  // m and summed follow
    bool packed = false;
  };

  static void check_choice(const Choice& c, const Tensor& scores, const std::string& schedule = "",
                           bool outputs_first = true) {
    SCOPED_TRACE(
        fmt::format("{} of {} in {} rows {}", c.chosen, c.size.matrices, c.rows, schedule));
    const Size s = c.size;
    const std::string wide = tensor({c.rows, s.matrices}, DType::f32),
                      few = tensor({c.rows, c.chosen}, DType::f32),
                      one = tensor({c.rows, 1}, DType::f32),
                      numbers = tensor({c.rows, c.chosen}, DType::i32),
                      number = tensor({c.rows, c.chosen, 1}, DType::i32),
                      left = tensor({c.rows, c.chosen, 1, s.k}, DType::bf16),
                      result = tensor({c.rows, c.chosen, s.n}, DType::f32);
    const Dims matrix = matrices(s, outputs_first);
    RegionText region("expert_matvec", schedule);
    const auto op = [&](std::string_view name, const std::string& operand,
                        std::string_view attributes, const std::string& from,
                        const std::string& to) {
      return region.op(
          fmt::format("ashlar.{} {} {{{}}} : ({}) -> {}", name, operand, attributes, from, to));
    };
    const std::string x = region.input(left), logits = region.input(wide);
    Tensors inputs{random(DType::bf16, {c.rows, c.chosen, 1, s.k}), scores};
    std::string w;
    if (c.packed) {
      w = packed(region, s, {4, 32}, inputs);
    } else {
      w = region.input(tensor(matrix, DType::bf16));
      inputs.push_back(random(DType::bf16, Shape(matrix), -1, 1, 2));
    }
    const std::string ids =
        op("topk_indices", logits, fmt::format("k = {} : i64, axis = 1 : i64", c.chosen), wide,
           numbers);
    const std::string chosen =
        op("take_along_axis", logits + ", " + ids, "axis = 1 : i64", wide + ", " + numbers, few);
    const std::string powers = op("exp", chosen, "", few, few);
    const std::string sum =
        op("reduce_sum", powers, "axes = array<i64: 1>, keepdims = true", few, one);
    const std::string sums =
        op("broadcast", sum, fmt::format("shape = array<i64: {}, {}>", c.rows, c.chosen), one, few);
    const std::string product = region.op(fmt::format(
        "ashlar.expert_matmul {}, {}, {} {{transpose_rhs = {}, dtype = f32}} : ({}, {}, {}) -> {}",
        x, w,
        op("reshape", ids, fmt::format("shape = array<i64: {}, {}, 1>", c.rows, c.chosen), numbers,
           number),
        outputs_first, left, tensor(matrix, c.packed ? DType::f32 : DType::bf16), number, result));
    region.output(op("add", product + ", " + product, "", result + ", " + result, result), result);
    region.output(ids, numbers);
    region.output(op("div", powers + ", " + sums, "", few + ", " + few, few), few);
    compare(region.text(), inputs, {1e-5, c.packed ? 3e-2 : 1e-4});
  }

  // An order of the rows by their numbers.
  static Tensor order_of(const Tensor& numbers, Size s) {
    std::vector<double> sorted;
    for (std::int64_t number = -1; number <= s.matrices; ++number)
      for (std::size_t i = 0; i < numbers.integers.size(); ++i)
        if (numbers.integers[i] == number)
          sorted.push_back(static_cast<double>(i));
    return values(DType::i32, {s.m}, sorted);
  }

  // With an encoding, matrices [n, k] are packed.
  static void check_grouped(Size s, bool transposed, DType dtype, std::string schedule = "",
                            std::optional<AffineEncoding> encoding = std::nullopt) {
    SCOPED_TRACE(fmt::format("{} rows, {} of {}x{}, {} {} {}", s.m, s.matrices, s.n, s.k,
                             transposed, encoding ? encoding->bits : 0, schedule));
    const Dims matrix = matrices(s, transposed);
    const std::string left = tensor({s.m, s.k}, dtype),
                      right = tensor(matrix, encoding ? DType::f32 : dtype),
                      number = tensor({s.m}, DType::i32), result = tensor({s.m, s.n}, dtype);
    RegionText region("grouped_matmul", std::move(schedule));
    const std::string x = region.input(left), ids = region.input(number),
                      order = region.input(number);
    const Tensor chosen = numbers({s.m}, s);
    Tensors inputs{random(dtype, {s.m, s.k}), chosen, order_of(chosen, s)};
    std::string w;
    if (encoding) {
      w = packed(region, s, *encoding, inputs);
    } else {
      w = region.input(right);
      inputs.push_back(random(dtype, Shape(matrix), -1, 1, 2));
      inputs.back().reals.front() = kNan;  // for the rows of that matrix alone
    }
    const std::string product = region.op(fmt::format(
        "kernel.grouped_matmul {}, {}, {}, {} {{transpose_rhs = {}}} : ({}, {}, {}, {}) "
        "-> {}",
        x, w, ids, order, transposed, left, right, number, number, result));
    region.output(region.op("ashlar.add " + product + ", " + product + " : (" + result + ", " +
                            result + ") -> " + result),
                  result);
    // Packed matrices are rounded to the left side's type.
    const double rounding = !encoding              ? 5e-5
                            : dtype == DType::bf16 ? std::exp2(encoding->bits) * 2e-2
                                                   : std::exp2(encoding->bits) * 2e-3;
    compare(region.text(), inputs, {encoding ? 1e-2 : 1e-5, rounding});
  }
};

TEST_F(ExpertTest, Sizes) {
  for (DType weight : {DType::f32, DType::bf16, DType::f16})
    for (const Size& s : {Size{1, 1, 1, 1, 1}, Size{1, 2, 3, 33, 7}, Size{3, 1, 4, 64, 128},
                          Size{2, 5, 4, 10, 36}, Size{7, 3, 2, 17, 66}})
      check_plain(s, DType::f32, weight);
  check_plain({2, 2, 3, 21, 96}, DType::bf16, DType::bf16);
}

TEST_F(ExpertTest, EverySchedule) {
  for (int lanes : {1, 8})
    for (int rows : {1, 3, 16})
      for (int width : {1, 8})
        for (int unroll : {1, 2, 5})
          check_plain(
              {2, 3, 3, 29, 40}, DType::f32, DType::bf16,
              fmt::format("<\"expert_matvec\", {{workgroup = 16, lanes = {}, rows = {}, width "
                          "= {}, unroll = {}}}>",
                          lanes, rows, width, unroll));
}

TEST_F(ExpertTest, Packed) {
  for (std::int64_t bits : kQuantizedBits)
    check_packed({2, 2, 3, 19, 192}, {bits, 64});
  for (int lanes : {1, 8})
    for (int unroll : {1, 2})
      check_packed(
          {1, 3, 2, 29, 352}, {4, 32},
          fmt::format("<\"expert_matvec\", {{workgroup = 16, lanes = {}, rows = 3, width = "
                      "32, unroll = {}}}>",
                      lanes, unroll));
}

// The rows that are summed lie end to end along K, in one team of lanes or several.
TEST_F(ExpertTest, Stationary) {
  for (int lanes : {8, 16, 32})
    for (int rows : {1, 3})
      for (int batches : {1, 4}) {
        const auto with_width = [&](int width) {
          return fmt::format("<\"matvec_stationary\", {{workgroup = {}, lanes = {}, rows = {}, "
                             "batches = {}, width = {}}}>",
                             in_subgroups(32), in_subgroups(lanes), rows, batches, width);
        };
        check_packed({2, 3, 4, 29, 96}, {4, 32}, with_width(32));
        check_packed({3, 1, 4, 7, 352}, {8, 32}, with_width(32));
        const std::string in_halves =
            with_width(32).insert(with_width(32).rfind('}'), ", halves = 1");
        check_halves({2, 3, 4, 29, 96}, 4, in_halves);
        check_halves({3, 1, 4, 7, 352}, 8, in_halves);
        check_plain({2, 5, 3, 29, 40}, DType::f32, DType::bf16, with_width(8), {true});
        check_plain({1, 1, 2, 3, 7}, DType::f32, DType::f32, with_width(1), {true});
      }
}

// Gate and up lie in the rows or columns of one tensor: one half each, or every other one.
TEST_F(ExpertTest, RootsThatShareATensor) {
  const std::string stationary = fmt::format(
      "<\"matvec_stationary\", {{workgroup = {}, lanes = {}, rows = 2, batches = 3, width = 8}}>",
      in_subgroups(16), in_subgroups(8));
  for (const auto& [interleaved, outputs_first, schedule] : {std::tuple(false, true, std::string()),
                                                             {true, true, ""},
                                                             {false, false, ""},
                                                             {true, false, ""},
                                                             {false, true, stationary},
                                                             {true, true, stationary}}) {
    SCOPED_TRACE(fmt::format("{} {} {}", interleaved, outputs_first, schedule));
    const Size s{2, 2, 3, 11, 40};
    const Dims matrix = matrices(s, outputs_first), shared = matrices(s, outputs_first, 2);
    const std::string both = tensor(shared, DType::bf16), half = tensor(matrix, DType::bf16),
                      y = tensor({s.m, s.n}, DType::f32);
    RegionText region("expert_matvec", schedule);
    const std::string x = region.input(tensor({s.m, s.summed, s.k}, DType::f32)),
                      w = region.input(both),
                      ids = region.input(tensor({s.m, s.summed}, DType::i32));
    const auto part = [&](std::int64_t number) {
      Dims starts{0, 0, 0}, steps{1, 1, 1};
      const std::size_t axis = outputs_first ? 1 : 2;
      starts[axis] = number * (interleaved ? 1 : s.n);
      steps[axis] = interleaved ? 2 : 1;
      const std::string slice = region.op(fmt::format(
          "ashlar.slice {} {{starts = array<i64: {}>, sizes = array<i64: "
          "{}>, steps = array<i64: {}>}} : ({}) -> {}",
          w, fmt::join(starts, ", "), fmt::join(matrix, ", "), fmt::join(steps, ", "), both, half));
      return multiply(region, x, slice, ids, s, DType::f32, DType::bf16, outputs_first);
    };
    const std::string gate = part(0), up = part(1);
    region.output(region.op("ashlar.mul " + gate + ", " + up + " : (" + y + ", " + y + ") -> " + y),
                  y);
    compare(region.text(),
            {random(DType::f32, {s.m, s.summed, s.k}), random(DType::bf16, Shape(shared), -1, 1, 2),
             numbers({s.m, s.summed}, s)},
            {1e-4, 1e-3});
  }
}

// Each workgroup picks the numbers of its row, among equal scores and scores that are not finite.
TEST_F(ExpertTest, ChooseTheirMatrices) {
  const auto lanes = device().profile().subgroup_size;
  const std::string matvec = fmt::format(
      "<\"expert_matvec\", {{workgroup = {}, lanes = {}, rows = 2, width = 4}}>", 2 * lanes, lanes);
  const auto stationary = [&](int width, const std::string& more = "") {
    return fmt::format(
        "<\"matvec_stationary\", {{workgroup = {}, lanes = {}, rows = 2, batches = 3, "
        "width = {}{}}}>",
        4 * lanes, lanes, width, more);
  };
  for (const auto& [rows, chosen, matrices] : {std::tuple{1, 8, 128},
                                               {2, 8, 128},
                                               {1, 2, 8},
                                               {1, 4, 32},
                                               {3, 5, 50},
                                               {2, 3, 3},
                                               {2, 8, 256}}) {
    if (matrices > 16 * static_cast<int>(lanes))
      continue;  // more than a subgroup of the device holds
    const Choice plain{rows, chosen, {0, 0, matrices, 21, 36}};
    const Shape shape{rows, matrices};
    Tensor ties = random(DType::f32, shape, -1, 1, 3), rare = random(DType::f32, shape, -1, 1, 4);
    for (double& x : ties.reals)
      x = std::floor(2 * x);
    for (std::size_t i = 0; i < rare.reals.size(); i += 3)
      rare.reals[i] = i % 2 ? kNan : -std::numeric_limits<double>::infinity();
    for (const Tensor& scores : {random(DType::f32, shape), ties, rare}) {
      check_choice(plain, scores, matvec);
      check_choice(plain, scores, stationary(4));
    }
    check_choice(plain, ties, matvec, /*outputs_first=*/false);
    const Choice packed{rows, chosen, {0, 0, matrices, 21, 96}, true};
    check_choice(packed, ties, stationary(32));
    check_choice(packed, ties, stationary(32, ", halves = 1"));
  }
}

TEST_F(ExpertTest, Grouped) {
  for (const Size& s : {Size{1, 1, 3, 1, 1}, Size{9, 1, 1, 33, 20}, Size{100, 1, 5, 40, 64},
                        Size{64, 1, 90, 32, 7}})
    for (bool transposed : {false, true})
      check_grouped(s, transposed, DType::f32);
  check_grouped({70, 1, 4, 50, 48}, true, DType::bf16);
}

TEST_F(ExpertTest, GroupedTiles) {
  for (const auto& [m, n, k, threads] :
       {std::tuple{16, 32, 8, 32}, {64, 16, 8, 64}, {32, 64, 8, 128}, {16, 32, 0, 8}})
    check_grouped({150, 1, 6, 70, 36}, true, DType::f32,
                  fmt::format("<\"grouped_matmul\", {{tile_m = {}, tile_n = {}, tile_k = {}, "
                              "workgroup = {}}}>",
                              m, n, k, threads));
}

// On lanes, where the device has no cooperative matrices.
TEST_F(ExpertTest, GroupedOnMatrices) {
  for (const auto& [m, n, k, grid_m, grid_n, slots] :
       {std::tuple{16, 16, 16, 1, 1, 1}, {32, 32, 32, 1, 2, 2}, {64, 16, 32, 2, 1, 1}}) {
    const std::string schedule = fmt::format(
        "<\"grouped_matmul_coop\", {{tile_m = {}, tile_n = {}, tile_k = {}, grid_m = "
        "{}, grid_n = {}, slots = {}, workgroup = {}}}>",
        m, n, k, grid_m, grid_n, slots, grid_m * grid_n * device().profile().subgroup_size);
    check_grouped({40, 1, 5, 40, 40}, m == 32, DType::bf16, schedule);
    if (m == 32) {
      for (const Size& s : {Size{1, 1, 3, 1, 1}, Size{9, 1, 1, 33, 20}, Size{64, 1, 90, 32, 7}})
        check_grouped(s, false, DType::f16, schedule);
      check_grouped({40, 1, 6, 40, 96}, true, DType::bf16, schedule, AffineEncoding{4, 32});
    }
  }
}

}  // namespace
}  // namespace ashlar
