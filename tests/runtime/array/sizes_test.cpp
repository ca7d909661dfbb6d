// SPDX-License-Identifier: Apache-2.0
// Closures whose sizes have names: one program for many sizes gives what a program for each would.
#include "runtime/array/closure.h"
#include "runtime/array/context.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/array/sizes/padded_graph.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"
#include "tests/runtime/array/op_cases.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace ashlar::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Graph graph_of(const ArrayFunction& function, const Arrays& inputs) {
  const TracedFunction traced = trace_function(function, inputs);
  GraphEntry entry{"main", {}, {}, {}};
  for (const NodeRef& parameter : traced.parameters)
    entry.inputs.push_back({std::to_string(entry.inputs.size()), parameter});
  for (const Array& result : traced.results)
    entry.outputs.push_back({std::to_string(entry.outputs.size()), result.node()});
  return {{}, {std::move(entry)}};
}

// x in memory for an array of `type`; behind it what does harm: NaN and large integers.
Array with_rubbish(const Array& x, const ArrayType& type) {
  const std::vector<double> values = values_of(x);
  std::vector<float> all(static_cast<std::size_t>(type.shape.element_count()),
                         is_float(type.dtype) ? std::numeric_limits<float>::quiet_NaN() : 77.0F);
  std::ranges::copy(values, all.begin());
  return array(std::span<const float>(all), type.shape).astype(type.dtype);
}

// The first results of the program for many sizes, on inputs of one size.
std::vector<std::vector<double>> run(const PaddedGraph& program, const Graph& traced,
                                     const Arrays& inputs) {
  const GraphEntry& entry = program.graph().entries[0];
  std::vector<NodeRef> from;
  Arrays to, roots;
  for (const Array& input : inputs)
    to.push_back(with_rubbish(input, entry.inputs[to.size()].node->type()));
  for (const Array& numbers : program.numbers_for(traced))
    to.push_back(numbers);
  for (const NamedNode& input : entry.inputs)
    from.push_back(input.node);
  for (const NamedNode& output : entry.outputs)
    roots.emplace_back(output.node);
  std::vector<std::vector<double>> results;
  for (const Array& root : substitute(roots, from, to))
    results.push_back(values_of(root));
  return results;
}

struct SizesCase {
  std::string name;
  std::function<Arrays(std::int64_t n)> inputs;
  ArrayFunction function;
};

std::vector<SizesCase> cases() {
  const auto rows = [](std::int64_t n) { return Arrays{numbers({n, 3}), numbers({n}, -1, 1, 5)}; };
  const auto columns = [](std::int64_t n) {
    return Arrays{numbers({3, n}), numbers({n, 2}, -1, 1, 5)};
  };
  const auto square = [](std::int64_t n) { return Arrays{numbers({n, n}), numbers({2, n, n, 2})}; };
  const auto integers = [](std::int64_t n) {
    return Arrays{numbers({n, 3}, -9, 9).astype(DType::i32),
                  numbers({n}, -3, 3, 5).astype(DType::i32)};
  };
  const auto queries = [](std::int64_t n) {
    return Arrays{numbers({1, 2, n, 4}), numbers({1, 2, n, 4}, -1, 1, 2),
                  numbers({1, 2, n, 4}, -1, 1, 3)};
  };
  using A = const Arrays&;
  return {
      {"elementwise", rows, [](A a) { return Arrays{exp(a[0]) * expand_dims(a[1], 1)}; }},
      {"results_of_other_sizes", rows, [](A a) { return Arrays{a[0] * 2, sum(a[0], 1), a[1]}; }},
      {"sums", rows, [](A a) { return Arrays{sum(a[0], 0), sum(a[0]), prod(a[1]), sum(a[0], 1)}; }},
      {"means", rows, [](A a) { return Arrays{mean(a[0], 0), var(a[1]), std_dev(a[0])}; }},
      {"extrema", rows,
       [](A a) { return Arrays{max(a[0], 0), min(a[0] - 9, 0), argmax(a[1]), argmin(-a[1] - 9)}; }},
      {"integer_extrema", integers,
       [](A a) { return Arrays{max(a[0] - 99, 0), min(a[0] + 99), argmax(a[1] - 99)}; }},
      {"all_and_any", rows, [](A a) { return Arrays{all(a[1] > -9), any(a[0] > 9, 0)}; }},
      {"normalised", rows, [](A a) { return Arrays{softmax(a[0], 0), logsumexp(a[1])}; }},
      {"centred", rows, [](A a) { return Arrays{a[0] - mean(a[0], 0, true)}; }},
      {"product_of_rows", rows, [](A a) { return Arrays{matmul(a[0], transpose(a[0]))}; }},
      {"product_over_rows", rows, [](A a) { return Arrays{matmul(transpose(a[0]), a[0])}; }},
      {"product_over_columns", columns, [](A a) { return Arrays{matmul(a[0], a[1])}; }},
      {"inner_products", columns,
       [](A a) {
         return Arrays{matmul(a[0], transpose(a[0])), outer(sum(a[0], 0), sum(a[1], 1))};
       }},
      {"columns", columns, [](A a) { return Arrays{a[0] + 1, transpose(a[0]), cumsum(a[0], 1)}; }},
      {"running_sums", rows,
       [](A a) { return Arrays{cumsum(a[0], 0), cumsum(a[1], 0, true), cummax(a[0], 0)}; }},
      {"squares", square,
       [](A a) {
         return Arrays{matmul(a[0], a[0]), a[0] + transpose(a[0]), a[1] * 2, tril(a[0])};
       }},
      {"merged_axes", square,
       [](A a) { return Arrays{flatten(a[0]), reshape(a[1], {2, -1, 2}), sum(flatten(a[1]))}; }},
      {"split_axes", rows,
       [](A a) { return Arrays{reshape(a[0], {-1, 3, 1}), sum(reshape(a[0], {3, -1}), 0)}; }},
      {"ends", rows,
       [](A a) {
         return Arrays{a[0](-1), a[0](Slice(1, kEnd)), a[1](Slice(-2, kEnd)), flip(a[0], 0),
                       a[0](Slice(0, kEnd).by(2))};
       }},
      {"borders", columns,
       [](A a) { return Arrays{pad(a[0], {1, 1}, {0, 2}, 7.0), diff(a[0], 1), roll(a[0], 1, 1)}; }},
      {"joined", rows,
       [](A a) {
         return Arrays{concatenate({zeros({2, 3}), a[0]}, 0), concatenate({a[0], a[0] * 2}, 1),
                       stack({a[1], a[1]})};
       }},
      {"sorted", rows,
       [](A a) {
         return Arrays{sort(a[0], 0), argsort(a[1]), topk_indices(a[1], 2), median(a[1])};
       }},
      {"sorted_integers", integers,
       [](A a) {
         return Arrays{sort(a[0] + 99, 0), argsort(a[1] - 99), topk_indices(a[1] - 99, 2)};
       }},
      {"gathered", integers,
       [](A a) {
         return Arrays{take(numbers({5, 2}), a[1], 0), take(a[0], array({-1, 0, 3, 9, -9}), 0),
                       take_along_axis(a[0], a[0], 0)};
       }},
      {"scattered", integers,
       [](A a) {
         return Arrays{scatter_add(zeros({3, 3}, DType::i32), expand_dims(a[1], 1), a[0]),
                       scatter(zeros({3, 3}, DType::i32), abs(expand_dims(a[1], 1)), a[0]),
                       scatter(a[0], array({1, 6}, {2, 1}), ones({2, 3}, DType::i32))};
       }},
      {"positions", rows,
       [](A a) {
         return Arrays{a[1] * arange(a[1].dim(0)), linspace(0, 1, 3) + sum(a[1]) / a[1].size()};
       }},
      {"extents_as_numbers", rows,
       [](A a) {
         return Arrays{a[1] / std::sqrt(static_cast<double>(a[1].size())),
                       full({2}, a[0].size(), DType::i32)};
       }},
      {"random", rows,
       [](A a) { return Arrays{a[1] + random::uniform(random::key(3), a[1].shape())}; }},
      {"attention", queries,
       [](A a) {
         return Arrays{
             fast::scaled_dot_product_attention(a[0], a[1], a[2], 0.5, {.mask = fast::Causal{}}),
             fast::scaled_dot_product_attention(a[0], a[1], a[2], 0.5)};
       }},
      {"rotated", queries,
       [](A a) { return Arrays{fast::rope(a[0], 4, 0, {.traditional = true})}; }},
      {"gradient", rows,
       [](A a) {
         return Arrays{grad(
             [&](const Array& x) { return mean(ashlar::square(x - mean(x, 0, true))); })(a[0])};
       }},
      {"batched", rows,
       [](A a) { return Arrays{vmap([](const Array& x) { return sum(x) / x.size(); })(a[0])}; }},
      {"fourier", [](std::int64_t) { return Arrays{numbers({4})}; },
       [](A a) { return Arrays{fft::rfft(a[0]).real()}; }},
  };
}

class NamedSizes : public ::testing::TestWithParam<SizesCase> {};

TEST_P(NamedSizes, AreServedByOneProgram) {
  const SizesCase& test = GetParam();
  const PaddedGraph program(graph_of(test.function, test.inputs(8)),
                            graph_of(test.function, test.inputs(5)));
  for (std::int64_t n : {5, 6, 7, 8}) {
    const Arrays inputs = test.inputs(n);
    const auto actual = run(program, graph_of(test.function, inputs), inputs);
    const Arrays expected = test.function(inputs);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::vector<double> values = values_of(expected[i]);
      for (std::size_t e = 0; e < values.size(); ++e)
        ASSERT_NEAR(actual[i][e], values[e], 1e-6 * (1 + std::abs(values[e])))
            << test.name << ", size " << n << ", result " << i << ", element " << e;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, NamedSizes, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

void expect_refused(const ArrayFunction& function, const std::string& what) {
  EXPECT_THAT(
      [&] {
        PaddedGraph(graph_of(function, {numbers({8, 3})}), graph_of(function, {numbers({5, 3})}));
      },
      ThrowsMessage<Unsupported>(HasSubstr(what)));
}

TEST(NamedSizes, RefuseWhatFollowsSizesInOtherWays) {
  expect_refused([](const Arrays& a) { return Arrays{a[0].dim(0) > 6 ? exp(a[0]) : log(a[0])}; },
                 "stands for one size only");
  expect_refused([](const Arrays& a) { return Arrays{a[0].dim(0) > 6 ? exp(a[0]) : a[0]}; },
                 "computes 1 values for one size and 2 for another");
  expect_refused([](const Arrays& a) { return Arrays{concatenate({a[0], a[0]}, 0)}; },
                 "'concat' (");
  expect_refused([](const Arrays& a) { return Arrays{fft::rfft(transpose(a[0])).real()}; },
                 "for every size");
}

TEST(NamedSizes, AreCheckedAtEverySize) {
  const ArrayFunction function = [](const Arrays& a) {
    return Arrays{a[0] * (a[0].dim(0) == 6 ? 2.0 : 1.5)};
  };
  const PaddedGraph program(graph_of(function, {numbers({8})}), graph_of(function, {numbers({5})}));
  EXPECT_NO_THROW(program.numbers_for(graph_of(function, {numbers({7})})));
  EXPECT_THAT([&] { program.numbers_for(graph_of(function, {numbers({6})})); },
              ThrowsMessage<Unsupported>(HasSubstr("follows these sizes in another way")));
}

// ---- On the device

Array scores(const Array& x, const Array& w) {
  return softmax(matmul(x, w) - mean(x, 0, true), -1);
}

TEST(NamedSizesOfClosures, TraceNewSizesAndCompileNewRanges) {
  const auto named = compile(scores, {.sizes = {{"batch"}}});
  const Array w = numbers({4, 4}, -1, 1, 3);
  const std::uint64_t before = Context::instance().compiled_programs();
  for (std::int64_t n : {5, 8, 7, 5, 6, 1, 3}) {
    const Array x = numbers({n, 4});
    const std::vector<float> actual = named(x, w).to_vector<float>();
    const std::vector<double> expected = values_of(scores(x, w));
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i)
      EXPECT_NEAR(actual[i], expected[i], 1e-6) << n;
  }
  EXPECT_EQ(Context::instance().compiled_programs() - before, 3);
  std::vector<std::string> reports;
  for (const TraceReport& report : named.traces())
    reports.push_back(fmt::format("{}: {}, {}", report.signature, report.guards[0],
                                  report.compiled ? report.reason : "there"));
  EXPECT_THAT(
      reports,
      ElementsAre("f32[5, 4], f32[4, 4]: 4 < batch <= 8, first call",
                  "f32[8, 4], f32[4, 4]: 4 < batch <= 8, there",
                  "f32[7, 4], f32[4, 4]: 4 < batch <= 8, there",
                  "f32[6, 4], f32[4, 4]: 4 < batch <= 8, there",
                  "f32[1, 4], f32[4, 4]: batch == 1, argument 1 is f32[1, 4], was f32[5, 4]",
                  "f32[3, 4], f32[4, 4]: 1 < batch <= 4, argument 1 is f32[3, 4], was f32[5, 4]"));
}

TEST(NamedSizesOfClosures, MayBeSeveralOnOneArray) {
  const auto total = compile(
      [](const Array& x, const Array& y) -> std::vector<Array> {
        return {x * expand_dims(y, 0), sum(x, 1)};
      },
      {.sizes = {{"batch", "length"}, {"length"}}});
  for (auto [batch, length] : {std::pair{3, 6}, {4, 5}, {2, 8}}) {
    const Array x = ones({batch, length}) * 2, y = arange(length).astype(DType::f32);
    const std::vector<Array> results = total(x, y);
    const std::vector<float> products = results[0].to_vector<float>();
    ASSERT_EQ(products.size(), static_cast<std::size_t>(batch * length));
    for (std::size_t i = 0; i < products.size(); ++i)
      EXPECT_EQ(products[i], static_cast<float>(2 * (i % static_cast<std::size_t>(length))));
    EXPECT_EQ(results[1].to_vector<float>(),
              std::vector<float>(static_cast<std::size_t>(batch), static_cast<float>(2 * length)));
  }
  EXPECT_THAT(total.traces()[0].guards, ElementsAre("1 < batch <= 4", "4 < length <= 8"));
  EXPECT_FALSE(total.traces()[2].compiled);
}

TEST(NamedSizesOfClosures, FallBackToProgramsOfTheirOwn) {
  const auto twice =
      compile([](const Array& x) { return concatenate({x, x}, 0); }, {.sizes = {{"length"}}});
  EXPECT_THAT(twice(array({1, 2, 3})).to_vector<std::int32_t>(), ElementsAre(1, 2, 3, 1, 2, 3));
  EXPECT_THAT(twice.traces()[0].reason,
              AllOf(HasSubstr("first call; compiled for these sizes alone: "),
                    HasSubstr("'concat' ("), HasSubstr("sizes_test.cpp")));
  EXPECT_THAT(twice.traces()[0].guards, ElementsAre("length == 3"));
}

TEST(NamedSizesOfClosures, ReachStatesAndModules) {
  const State total("sizes.total", DType::f32, {2});
  const auto add =
      compile([](const State& sums, const Array& rows) { sums.update(sums.read() + sum(rows, 0)); },
              {.sizes = {{}, {"rows"}}});
  for (std::int64_t n : {2, 3, 4})
    add(total, ones({n, 2}));
  EXPECT_THAT(total.read().to_vector<float>(), ElementsAre(9, 9));
  EXPECT_EQ(add.traces().size(), 3);
  EXPECT_FALSE(add.traces()[2].compiled);
}

TEST(NamedSizesOfClosures, MustAgree) {
  const auto both = compile([](const Array& x, const Array& y) { return sum(x) + sum(y); },
                            {.sizes = {{"batch"}, {"batch"}}});
  EXPECT_THAT([&] { both(ones({2}), ones({3})); },
              ThrowsMessage<InvalidArgument>(
                  HasSubstr("size 'batch' is 2 in argument 1 and 3 in argument 2")));
  EXPECT_THAT([&] { both(ones({2}), ones({})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("argument 2 has 0 axes, and 1 are named")));
  const auto one = compile([](const Array& x) { return x * 2; }, {.sizes = {{}, {"batch"}}});
  EXPECT_THAT([&] { one(ones({2})); }, ThrowsMessage<InvalidArgument>(HasSubstr(
                                           "sizes of 2 arguments are named, and there are 1")));
}

}  // namespace
}  // namespace ashlar::testing
