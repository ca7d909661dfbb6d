// SPDX-License-Identifier: Apache-2.0
// Evaluation on the default device (a software one will do).
#include "runtime/array/eval.h"

#include "runtime/array/context.h"
#include "runtime/array/ops.h"
#include "runtime/array/trace.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <sstream>
#include <thread>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Eval, ReadsEvaluate) {
  const Array x = array({1.0F, 2.0F, 3.0F});
  const Array y = x * 2 + 1;
  EXPECT_EQ(y.node()->value(), nullptr);
  EXPECT_THAT(y.to_vector<float>(), ElementsAre(3, 5, 7));
  EXPECT_NE(y.node()->value(), nullptr);
  EXPECT_TRUE(y.node()->inputs().empty());
  EXPECT_EQ(sum(y).item<float>(), 15);
  EXPECT_EQ(any(y > 6).item<bool>(), true);
}

TEST(Eval, AddsUpRowsThatMeetAfterAReduction) {
  // The sum of a row is known to one workgroup; the row that meets it belongs to another.
  const Array x = array({1.0F, 2.0F, 3.0F, 5.0F, 4.0F, 6.0F}, {3, 2});
  const Array rows = x * sum(x, 1, true);
  const Array met = scatter_add(zeros({2, 2}), array({1, 0, 1}), rows);
  EXPECT_THAT(met.to_vector<float>(), ElementsAre(24, 40, 43, 66));
}

TEST(Eval, SharesWhatSeveralArraysNeed) {
  const Array x = arange(6);
  const Array twice = x + x;
  const Array a = twice - 1, b = reshape(twice, {2, 3})(1);
  eval({a, b, a});
  EXPECT_THAT(a.to_vector<std::int32_t>(), ElementsAre(-1, 1, 3, 5, 7, 9));
  EXPECT_THAT(b.to_vector<std::int32_t>(), ElementsAre(6, 8, 10));
}

TEST(Eval, HostReadsSeeLogicalOrder) {
  const Array x = array({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_THAT(transpose(x).to_vector<std::int32_t>(), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(x(Slice(), Slice().by(-2)).to_vector<std::int32_t>(), ElementsAre(3, 1, 6, 4));
  EXPECT_THAT(broadcast_to(x(Slice(), Slice(0, 1)), {2, 2}).to_vector<std::int32_t>(),
              ElementsAre(1, 1, 4, 4));
}

// Kernels that serve every shape read all kinds of views: bias, column, reversed and strided
// slices, transposed and cut axes, numbers, with and without whole packets.
TEST(Eval, EveryShapeReadsTheRightElements) {
  for (const auto& [rows, columns] :
       {std::pair{1, 1}, {1, 7}, {3, 8}, {5, 12}, {33, 4}, {6, 130}}) {
    const Array x = reshape(arange(rows * columns), {rows, columns}) * 1;
    const Array row = arange(columns) * 100, column = reshape(arange(rows) * 1000, {rows, 1});
    const auto at = [&](int r, int c) { return r * columns + c; };
    std::vector<std::int32_t> sums, reversed, turned, cut, tail;
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c) {
        sums.push_back(at(r, c) + 100 * c + 1000 * r);
        reversed.push_back(at(r, columns - 1 - c) - at(r, c));
        cut.push_back(2 * at(r, c));
        if (c > 0)
          tail.push_back(-at(r, c));
      }
    for (int c = 0; c < columns; ++c)
      for (int r = 0; r < rows; ++r)
        turned.push_back(at(r, c) + r);
    EXPECT_EQ((x + row + column).to_vector<std::int32_t>(), sums);
    EXPECT_EQ((x(Slice(), Slice().by(-1)) - x).to_vector<std::int32_t>(), reversed);
    EXPECT_EQ((transpose(x) + arange(rows)).to_vector<std::int32_t>(), turned);
    EXPECT_EQ(
        (reshape(x, {rows, 1, columns}) + reshape(x, {rows, 1, columns})).to_vector<std::int32_t>(),
        cut);
    if (columns > 1)
      EXPECT_EQ((-x(Slice(), Slice(1, columns))).to_vector<std::int32_t>(), tail);
  }
}

TEST(Eval, CompilesEqualComputationsOnce) {
  const auto compute = [](float first) {
    const Array x = array({first, 2.0F, 3.0F, 4.0F, 5.0F});
    return tanh(x * 3 - 1).to_vector<float>();
  };
  compute(1);
  const std::uint64_t compiled = Context::instance().compiled_programs();
  const std::vector<float> again = compute(7);
  EXPECT_EQ(Context::instance().compiled_programs(), compiled);
  EXPECT_FLOAT_EQ(again[0], 1);
}

TEST(Eval, ContinuesFromEvaluatedArrays) {
  Array x = full({4}, 1.0);
  for (int i = 0; i < 5; ++i) {
    x = x * 2;
    async_eval(x);
  }
  EXPECT_THAT(x.to_vector<float>(), ElementsAre(32, 32, 32, 32));
}

TEST(Eval, HalvesReadAsFloats) {
  EXPECT_THAT(array({1.0F, 1.00390625F}).astype(DType::bf16).to_vector<float>(), ElementsAre(1, 1));
  EXPECT_THAT((array({0.1F}).astype(DType::f16) + 0).to_vector<float>(),
              ElementsAre(0.0999755859375F));
}

TEST(Eval, EmptyArraysAreFine) {
  EXPECT_TRUE(zeros({0, 3}).to_vector<float>().empty());
  EXPECT_TRUE((zeros({0, 3}) + 1).to_vector<float>().empty());
}

TEST(Eval, RefusesWhatHasNoValue) {
  EXPECT_THAT([] { arange(3).to_vector<float>(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("elements are i32, not f32")));
  EXPECT_THAT([] { arange(3).item<std::int32_t>(); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected one element, got [3]")));
  EXPECT_THAT(([] { eval(weight({"model.norm.weight"}, DType::f32, {4}) + 1); }),
              ThrowsMessage<InvalidArgument>(HasSubstr("weight 'model.norm.weight' has a value")));
  EXPECT_THAT(([] {
                trace_entries({{"main", [] {
                                  eval(entry_input("x", DType::f32, {1}) + 1);
                                  return std::vector<NamedArray>();
                                }}});
              }),
              ThrowsMessage<InvalidArgument>(HasSubstr("an input or state of a trace")));
}

TEST(Eval, TracesRefuseEvaluatedArrays) {
  const Array x = full({2}, 3.0) + 1;
  eval(x);
  EXPECT_THAT(([&] {
                trace_entries(
                    {{"main", [&]() -> std::vector<NamedArray> { return {{"y", x * 2}}; }}});
              }),
              ThrowsMessage<InvalidArgument>(HasSubstr("an array that was evaluated outside")));
}

TEST(Eval, WorksFromSeveralThreads) {
  const Array shared = arange(100) * 3;
  std::vector<std::thread> threads;
  std::vector<std::int32_t> sums(4);
  for (int i = 0; i < 4; ++i)
    threads.emplace_back(
        [&, i] { sums[static_cast<std::size_t>(i)] = sum(shared + i).item<std::int32_t>(); });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_THAT(sums, ElementsAre(14850, 14950, 15050, 15150));
}

TEST(Print, LooksLikeNumPy) {
  std::ostringstream text;
  text << array({1, 20, 3, 4}, {2, 2});
  EXPECT_EQ(text.str(), "array([[ 1, 20],\n       [ 3,  4]], i32[2, 2])");
  EXPECT_EQ(array({0.5F, -1.25F}).to_string(), "array([  0.5, -1.25], f32[2])");
  EXPECT_EQ(array<bool>({true, false}).to_string(), "array([ true, false], bool[2])");
  EXPECT_EQ(full({}, 7).to_string(), "array(7, i32[])");
  EXPECT_EQ(arange(2000).to_string(),
            "array([   0,    1,    2, ..., 1997, 1998, 1999], i32[2000])");
}

}  // namespace
}  // namespace ashlar
