// SPDX-License-Identifier: Apache-2.0
// Sizes that small shapes never reach, at least one case for each kind of kernel: more than 65,535
// workgroups, which is all that one dimension of a dispatch may have on lavapipe, and lines of more
// than 65,535 packets, after which lavapipe ends the loops of an invocation without an error.
// Expected values are closed forms.
#include "runtime/array/compile_graph.h"
#include "runtime/array/context.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const DeviceProfile& profile() {
  return Context::instance().device().profile();
}

// Of the largest dispatch that computes `array`.
std::int64_t workgroups_of(const Array& array) {
  GraphEntry entry{"main", {}, {{"value", array.node()}}, {}};
  const Program program = compile_graph(Graph{{}, {std::move(entry)}}, profile());
  std::int64_t most = 0;
  for (const Command& command : program.entries[0].commands)
    if (const auto* dispatch = std::get_if<Dispatch>(&command))
      most = std::max(most, std::int64_t{dispatch->workgroups[0]} * dispatch->workgroups[1] *
                                dispatch->workgroups[2]);
  return most;
}

// `expected(i)` is element i of the flattened array.
template <typename T, typename F> void expect_elements(const Array& array, F expected) {
  const std::vector<T> values = array.to_vector<T>();
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(values[i], static_cast<T>(expected(static_cast<std::int64_t>(i)))) << i;
}

template <typename T, typename F> void expect_many_workgroups(const Array& array, F expected) {
  if (profile().is_cpu)
    EXPECT_GT(workgroups_of(array), 65'535);
  expect_elements<T>(array, expected);
}

// An array of the host, element i is `value(i)`.
template <typename T, typename F> Array filled(const Shape& shape, F value) {
  std::vector<T> values(static_cast<std::size_t>(shape.element_count()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<T>(value(static_cast<std::int64_t>(i)));
  return array(std::span<const T>(values), shape);
}

// Odd, so that packets have one element; with 256 threads a workgroup, 65,537 workgroups.
constexpr std::int64_t kManyElements = 65'536 * 256 + 1;

TEST(ManyWorkgroups, Elementwise) {
  const Array x = filled<std::uint8_t>({kManyElements}, [](std::int64_t i) { return i % 251; });
  expect_many_workgroups<std::uint8_t>(
      flip(x, 0) + 3, [](std::int64_t i) { return (kManyElements - 1 - i) % 251 + 3; });
}

TEST(ManyWorkgroups, Gather) {
  const Array table = filled<std::int8_t>({251}, [](std::int64_t i) { return i - 125; });
  expect_many_workgroups<std::int8_t>(take(table, arange(0, kManyElements) * 3 % 251),
                                      [](std::int64_t i) { return i * 3 % 251 - 125; });
}

TEST(ManyWorkgroups, Scatter) {
  const Array updates =
      filled<std::uint8_t>({1, kManyElements}, [](std::int64_t i) { return i % 251; });
  const Array target = zeros({2, kManyElements}, DType::u8);
  expect_many_workgroups<std::uint8_t>(
      scatter(target, array({1}, {1, 1}), updates, 0),
      [](std::int64_t i) { return i < kManyElements ? 0 : (i - kManyElements) % 251; });
}

TEST(ManyWorkgroups, Rows) {
  constexpr std::int64_t kRows = 65'536 * 8 + 1, kLength = 5;
  const Array x = reshape(arange(0, kRows * kLength), {kRows, kLength});
  expect_many_workgroups<std::int32_t>(sum(x, 1), [](std::int64_t i) { return 25 * i + 10; });
  expect_many_workgroups<std::int32_t>(argmax(x * (x % 3 - 1), 1), [](std::int64_t i) {
    // The largest multiple of -1, 0 or 1: the last of the numbers that leave 2.
    return (4 + 5 * i) % 3 == 2 ? 4 : (3 + 5 * i) % 3 == 2 ? 3 : 2;
  });
}

TEST(ManyWorkgroups, Matvec) {
  constexpr std::int64_t kRows = 65'536 * 32 + 1;
  const Array weight = filled<float>({kRows, 2}, [](std::int64_t i) { return i % 127 - 63; });
  const Array x = array({2.0F, -1.0F}, {1, 2});
  expect_many_workgroups<float>(
      matmul(x, transpose(astype(weight, DType::bf16))),
      [](std::int64_t i) { return 2 * (2 * i % 127 - 63) - ((2 * i + 1) % 127 - 63); });
}

TEST(ManyWorkgroups, Matmul) {
  constexpr std::int64_t kBatch = 65'537, kRows = 9;
  const Array x = filled<float>({kBatch, kRows, 1}, [](std::int64_t i) { return i % 1021; });
  const Array y = filled<float>({kBatch, 1, 1}, [](std::int64_t i) { return i % 7 - 3; });
  expect_many_workgroups<float>(matmul(x, y),
                                [](std::int64_t i) { return i % 1021 * (i / kRows % 7 - 3); });
}

TEST(ManyWorkgroups, Scan) {
  const Array x = reshape(arange(0, 65'537 * 3), {65'537, 3});
  expect_many_workgroups<std::int32_t>(cumsum(x, 1), [](std::int64_t i) {
    const std::int64_t first = i - i % 3;
    return i % 3 == 0 ? first : i % 3 == 1 ? 2 * first + 1 : 3 * first + 3;
  });
}

TEST(ManyWorkgroups, Sort) {
  const Array x = reshape(arange(0, 65'537 * 3), {65'537, 3});
  expect_many_workgroups<std::int32_t>(sort(x, 1, true),
                                       [](std::int64_t i) { return i - i % 3 + 2 - i % 3; });
}

TEST(ManyWorkgroups, Attention) {
  constexpr std::int64_t kBatch = 65'537;
  const Array query = zeros({kBatch, 1, 1, 4});
  const Array key = ones({2, kBatch, 1, 4});
  // Equal scores: the mean of two values.
  const Array value =
      filled<float>({2, kBatch, 1, 4}, [](std::int64_t i) { return i % (kBatch * 4); });
  expect_many_workgroups<float>(attention(query, key, value, full({kBatch}, 1, DType::i32),
                                          full({kBatch}, 2, DType::i32), {}),
                                [](std::int64_t i) { return i; });
}

// More elements than 65,535 iterations of the 8 lanes that a CPU driver gives to a line.
constexpr std::int64_t kLongLine = 65'536 * 8 + 1;

TEST(LongLoops, RowsThatAreNotCut) {
  const Array x = filled<std::int8_t>({16, kLongLine}, [](std::int64_t i) { return i % 7 - 3; });
  const auto sum_of_row = [](std::int64_t row) {
    std::int64_t sum = 0;
    for (std::int64_t i = row * kLongLine; i < (row + 1) * kLongLine; ++i)
      sum += i % 7 - 3;
    return sum;
  };
  expect_elements<std::int8_t>(sum(x, 1), sum_of_row);
  // f16 holds these sums.
  expect_elements<float>(sum(astype(x, DType::f16), 1), sum_of_row);
  expect_elements<std::int32_t>(argmax(x, 1),
                                [](std::int64_t row) { return (6 - row * kLongLine % 7 + 7) % 7; });
}

TEST(LongLoops, SeveralPassesOverARow) {
  const Array x = filled<std::int64_t>({kLongLine}, [](std::int64_t i) { return i % 1000; });
  expect_elements<std::int64_t>(max(x) - x + min(x), [](std::int64_t i) { return 999 - i % 1000; });
}

// Partial sums near 1038.06, which f16 and bf16 cannot hold.
TEST(LongLoops, CutRowsOfNarrowTypesRoundOnce) {
  constexpr std::int64_t kHalf = 10'250;
  const Array x = where(arange(0, 2 * kHalf) < kHalf, 1.0625, -1.0);  // sum 640.625
  EXPECT_EQ(sum(astype(x, DType::f16)).item<float>(), 640.5);
  EXPECT_EQ(sum(astype(x, DType::bf16)).item<float>(), 640);
}

TEST(LongLoops, Matvec) {
  const Array x = filled<float>({1, kLongLine}, [](std::int64_t i) { return i % 3 - 1; });
  const Array weight = filled<float>({2, kLongLine}, [](std::int64_t i) { return i % 2; });
  std::int64_t even = 0, odd = 0;
  for (std::int64_t i = 0; i < kLongLine; ++i)
    (i % 2 ? odd : even) += i % 3 - 1;
  // The second row starts with an odd element.
  expect_elements<float>(matmul(x, transpose(weight)),
                         [&](std::int64_t i) { return i == 0 ? odd : even; });
}

TEST(LongLoops, Matmul) {
  const Array x =
      filled<float>({9, kLongLine}, [](std::int64_t i) { return i % kLongLine % 3 - 1; });
  const Array y = filled<float>({kLongLine, 3}, [](std::int64_t i) { return i / 3 % 2; });
  std::int64_t odd = 0;
  for (std::int64_t i = 1; i < kLongLine; i += 2)
    odd += i % 3 - 1;
  expect_elements<float>(matmul(x, y), [&](std::int64_t) { return odd; });
}

TEST(LongLoops, Scan) {
  constexpr std::int64_t kLength = 65'536 * 32 + 1;  // two passes of 64 threads
  expect_elements<std::int32_t>(cumsum(full({kLength}, 3, DType::i32) + array({0}), 0),
                                [](std::int64_t i) { return 3 * (i + 1); });
}

TEST(LongLoops, Sort) {
  constexpr std::int64_t kLength = 524'288;
  const Array x = arange(0, kLength) * 1009 % kLength;
  expect_elements<std::int32_t>(sort(x), [](std::int64_t i) { return i; });
  if (profile().max_loop_iterations != 0)
    EXPECT_THAT([&] { sort(arange(0, kLength + 1)).to_bytes(); },
                ThrowsMessage<Error>(HasSubstr("times per invocation")));
}

TEST(LongLoops, TopK) {
  constexpr std::int64_t kLength = 500'009;  // prime
  const Array x = arange(0, kLength) * 1009 % kLength;
  expect_elements<std::int32_t>(topk(x, 3), [](std::int64_t i) { return kLength - 1 - i; });
}

TEST(LongLoops, Attention) {
  constexpr std::int64_t kKeys = 131'072;  // what the schedule allows for
  const Array query = zeros({1, 1, 1, 4});
  const Array key = zeros({kKeys, 1, 1, 4}, DType::bf16);
  const Array value = filled<float>({kKeys, 1, 1, 4}, [](std::int64_t i) { return i / 4 % 2; });
  const Array result =
      attention(query, astype(key, DType::f32), value, array({static_cast<int>(kKeys) - 1}),
                array({static_cast<int>(kKeys)}), {});
  expect_elements<float>(result, [](std::int64_t) { return 0.5; });
}

// Each update looks for rivals among the others.
TEST(LongLoops, ScatterOfTooManyIndicesIsRefused) {
  if (profile().max_loop_iterations == 0)
    GTEST_SKIP() << "this device has no limit";
  const Array indices = filled<std::int32_t>({70'000}, [](std::int64_t i) { return i % 10; });
  EXPECT_THAT([&] { scatter_add(zeros({10}), indices, ones({70'000}), 0).to_bytes(); },
              ThrowsMessage<Error>(HasSubstr("loops run 140000 times per invocation")));
}

// More memory than any machine of ours has: compiled for a device that is not there.
TEST(LargeArrays, HaveAsManyElementsAsAKernelCanIndex) {
  const DeviceProfile device = *find_profile_fixture("nvidia-h200");
  const auto compiled = [&](std::int64_t elements) {
    GraphEntry entry{"main", {}, {}, {}};
    const NodeRef input = Node::input({DType::u8, Shape{elements}}, {});
    entry.inputs.push_back({"x", input});
    entry.outputs.push_back({"y", (Array(input) + 1).node()});
    return compile_graph(Graph{{}, {std::move(entry)}}, device).kernels.size();
  };
  EXPECT_EQ(compiled((std::int64_t{1} << 31) - 1), 1U);
  EXPECT_THAT([&] { compiled(std::int64_t{1} << 31); },
              ThrowsMessage<Error>(HasSubstr("more than the 2^31-1 that a kernel can index")));
}

}  // namespace
}  // namespace ashlar
