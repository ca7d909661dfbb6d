// SPDX-License-Identifier: Apache-2.0
// Kernels with root "scan" and "sort": every dtype, any axis, ties and NaNs, lines that do not fit
// into workgroup memory.
#include "tests/codegen/kernel_runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

namespace ashlar {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class LineTest : public KernelTest {
protected:
  static std::string tensor(const std::vector<std::int64_t>& dims, DType dtype) {
    return fmt::format("tensor<{}x{}>", fmt::join(dims, "x"), mlir_name(dtype));
  }

  static std::string text(const char* root, const std::string& op,
                          const std::vector<std::int64_t>& dims, DType dtype,
                          const std::vector<std::int64_t>& result_dims, DType result,
                          std::string schedule = "") {
    RegionText region(root, std::move(schedule));
    const std::string x = region.input(tensor(dims, dtype));
    const auto split = op.find(' ');
    region.output(region.op(fmt::format("ashlar.{} {} {} : ({}) -> {}", op.substr(0, split), x,
                                        op.substr(split + 1), tensor(dims, dtype),
                                        tensor(result_dims, result))),
                  tensor(result_dims, result));
    return region.text();
  }

  static std::string cumsum(std::vector<std::int64_t> dims, DType dtype, int axis, bool reverse,
                            bool exclusive) {
    return text(
        "scan",
        fmt::format("cumsum {{axis = {}, reverse = {}, exclusive = {}}}", axis, reverse, exclusive),
        dims, dtype, dims, dtype);
  }
  static std::string sort(std::vector<std::int64_t> dims, DType dtype, int axis, bool descending) {
    return text("sort", fmt::format("sort {{axis = {}, descending = {}}}", axis, descending), dims,
                dtype, dims, dtype);
  }
  static std::string argsort(std::vector<std::int64_t> dims, DType dtype, int axis, bool descending,
                             std::string schedule = "") {
    return text("sort", fmt::format("argsort {{axis = {}, descending = {}}}", axis, descending),
                dims, dtype, dims, DType::i32, std::move(schedule));
  }
  static std::string topk(std::vector<std::int64_t> dims, DType dtype, int axis, std::int64_t k,
                          std::string schedule = "") {
    std::vector<std::int64_t> result = dims;
    result[static_cast<std::size_t>(axis)] = k;
    return text("sort", fmt::format("topk_indices {{axis = {}, k = {}}}", axis, k), dims, dtype,
                result, DType::i32, std::move(schedule));
  }

  static Tensor with_nans(Tensor x) {
    for (std::size_t i = 0; i < x.reals.size(); i += 7)
      x.reals[i] = i % 2 ? kNan : x.reals[0];
    return x;
  }
};

TEST_F(LineTest, CumsumOfEveryType) {
  for (DType dtype : {DType::f32, DType::bf16, DType::i8, DType::u16, DType::i32, DType::u64}) {
    SCOPED_TRACE(name_of(dtype));
    const bool real = is_float(dtype);
    compare(cumsum({2, 37}, dtype, 1, false, false),
            {random(dtype, {2, 37}, real ? 0 : 1, real ? 1 : 100)}, {2e-6, 1e-5});
  }
}

TEST_F(LineTest, CumsumDirectionsAndAxes) {
  for (bool reverse : {false, true})
    for (bool exclusive : {false, true})
      compare(cumsum({3, 150, 2}, DType::i32, 1, reverse, exclusive),
              {random(DType::i32, {3, 150, 2}, -50, 50)});
}

TEST_F(LineTest, CumsumOfLongLines) {
  compare(cumsum({200'000}, DType::i32, 0, false, false), {random(DType::i32, {200'000}, -50, 50)});
}

TEST_F(LineTest, SortOfEveryType) {
  for (DType dtype : {DType::f32, DType::bf16, DType::f16, DType::i8, DType::u8, DType::i32,
                      DType::u32, DType::i64, DType::u64}) {
    SCOPED_TRACE(name_of(dtype));
    compare(sort({3, 45}, dtype, 1, false), {random(dtype, {3, 45}, -20, 20)}, {0, 0});
  }
}

TEST_F(LineTest, TiesAndNans) {
  Tensor x = with_nans(random(DType::bf16, {2, 50, 3}));
  for (bool descending : {false, true})
    compare(argsort({2, 50, 3}, DType::bf16, 1, descending), {x});
  compare(topk({2, 50, 3}, DType::bf16, 1, 9), {x});
  compare(argsort({1, 1}, DType::f32, 0, false), {values(DType::f32, {1, 1}, {3})});
}

// In the registers of a subgroup, which is the workgroup.
TEST_F(LineTest, FewOfAShortLine) {
  const std::string schedule =
      fmt::format("<\"sort\", {{workgroup = {} : i64}}>", device().profile().subgroup_size);
  for (DType dtype : {DType::f32, DType::bf16, DType::i8, DType::u32}) {
    SCOPED_TRACE(name_of(dtype));
    compare(topk({3, 128}, dtype, 1, 8, schedule), {random(dtype, {3, 128}, 0, 100)});
    compare(topk({2, 45, 3}, dtype, 1, 5, schedule), {random(dtype, {2, 45, 3}, 0, 9)});
    compare(topk({7}, dtype, 0, 7, schedule), {random(dtype, {7}, 0, 3)});
  }
  compare(topk({4, 60}, DType::f32, 1, 8, schedule), {with_nans(random(DType::f32, {4, 60}))});
  // The last of all keys, which is that of no entry as well.
  const Tensor lowest(values(DType::u32, {1, 20}, std::vector<double>(20, 0)));
  compare(topk({1, 20}, DType::u32, 1, 6, schedule), {lowest});
}

TEST_F(LineTest, LongLines) {
  const std::int64_t n = 5003;
  const Tensor x = with_nans(random(DType::f32, {2, n}));
  compare(argsort({2, n}, DType::f32, 1, true), {x});
  Tensor plain = random(DType::i32, {n}, -1000, 1000);
  compare(sort({n}, DType::i32, 0, true), {plain});
}

TEST_F(LineTest, LongLinesInWorkgroupMemory) {
  const std::int64_t n = 2600;
  const std::string schedule = "<\"sort\", {workgroup = 64 : i64, entries = 4096 : i64}>";
  const Tensor ids = random(DType::i32, {n}, 0, 128);
  compare(argsort({n}, DType::i32, 0, false, schedule), {ids});
  compare(topk({n}, DType::i32, 0, 2100, schedule), {ids});
}

TEST_F(LineTest, FewOfALongLine) {
  const std::int64_t n = 151'936;
  Tensor x = random(DType::f32, {1, n});
  for (std::size_t i = 0; i < 5000; ++i)
    x.reals[i * 30] = 1.75;  // ties across the boundary
  compare(topk({1, n}, DType::f32, 1, 40), {x});
  compare(topk({1, n}, DType::f32, 1, 1000), {x});
  compare(topk({3000, 2}, DType::i64, 0, 5), {random(DType::i64, {3000, 2}, -1e15, 1e15)});
}

}  // namespace
}  // namespace ashlar
