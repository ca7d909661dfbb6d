// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/trace.h"

#include "ir/import.h"
#include "ir/reference/evaluator.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include "mlir/IR/MLIRContext.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Trace, EntriesShareStates) {
  const State count("count", DType::i32, {1}, Residency::step);
  const State cache = State::growable("cache", DType::f32, {4, 2});
  auto append = [&](std::int64_t rows) {
    return [&count, &cache, rows]() -> std::vector<NamedArray> {
      const Array x = entry_input("x", DType::f32, {rows, 2});
      cache.update(scatter(cache.read(), arange(rows) + count.read(), x));
      count.update(count.read() + rows);
      return {{"count", count.read()}};
    };
  };
  const Graph graph = trace_entries({{"one", append(1)}, {"two", append(2)}});
  ASSERT_EQ(graph.states.size(), 2U);
  EXPECT_EQ(graph.states[0].name, "cache");
  EXPECT_EQ(graph.states[0].capacity, 4);

  mlir::MLIRContext context;
  auto module = ir::import_graph(context, graph);
  reference::States states = reference::initial_states(*module);
  auto run = [&](const char* name, std::vector<float> rows) {
    const ArrayType type{DType::f32, Shape{static_cast<std::int64_t>(rows.size()) / 2, 2}};
    const reference::Tensor inputs[] = {
        reference::Tensor::from_bytes(type, std::as_bytes(std::span(rows)))};
    return reference::evaluate(module->lookupSymbol<mlir::func::FuncOp>(name), inputs, states)
        .at(0)
        .integers[0];
  };
  EXPECT_EQ(run("two", {1, 2, 3, 4}), 2);
  EXPECT_EQ(run("one", {5, 6}), 3);
  EXPECT_THAT(states.at("cache").reals, ElementsAre(1, 2, 3, 4, 5, 6, 0, 0));
}

TEST(Trace, LaterReadsSeeEarlierUpdates) {
  const State x("x", DType::f32, {1});
  const Graph graph = trace_entries({{"main", [&]() -> std::vector<NamedArray> {
                                        x.update(x.read() + 1);
                                        x.update(x.read() * 2);
                                        return {};
                                      }}});
  EXPECT_THAT(canonical_text(graph), HasSubstr("%2 = add %0 %1"));
  EXPECT_THAT(canonical_text(graph), HasSubstr("%4 = mul %2 %3"));
  EXPECT_THAT(canonical_text(graph), HasSubstr("update \"x\" %4"));
}

TEST(Trace, RefusesConfusion) {
  const State a("s", DType::f32, {1}), b("s", DType::f32, {2});
  auto entry = [](std::function<std::vector<NamedArray>()> f) {
    return std::vector<EntryDefinition>{{"main", std::move(f)}};
  };
  EXPECT_THAT(([&] {
                trace_entries(entry([&]() -> std::vector<NamedArray> {
                  return {{"a", a.read()}, {"b", b.read()}};
                }));
              }),
              ThrowsMessage<InvalidArgument>(HasSubstr("two states are named 's'")));
  EXPECT_THAT(([&] {
                trace_entries({{"one", [&] { return std::vector<NamedArray>{{"", a.read()}}; }},
                               {"two", [&] { return std::vector<NamedArray>{{"", b.read()}}; }}});
              }),
              ThrowsMessage<InvalidArgument>(HasSubstr("two states are named 's'")));
  std::vector<Array> kept;
  auto leak = entry([&]() -> std::vector<NamedArray> {
    kept.push_back(entry_input("x", DType::f32, {1}));
    return {{"y", kept.front() + 1}};
  });
  trace_entries(leak);
  EXPECT_THAT([&] { trace_entries(leak); },
              ThrowsMessage<InvalidArgument>(HasSubstr("an array of another trace")));
  EXPECT_THAT([] { entry_input("x", DType::f32, {1}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'x' was declared outside a trace")));
  EXPECT_THAT(
      [&] {
        Trace outer("outer");
        Trace inner("inner");
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("'inner' cannot be traced inside 'outer'")));
  EXPECT_EQ(Trace::current(), nullptr);
}

TEST(Trace, ChecksWhatStatesHold) {
  const State x("x", DType::f32, {2});
  EXPECT_THAT(([&] {
                trace_entries({{"main", [&]() -> std::vector<NamedArray> {
                                  x.update(zeros({3}));
                                  return {};
                                }}});
              }),
              ThrowsMessage<InvalidArgument>(HasSubstr("'x' holds f32[2], not f32[3]")));
  EXPECT_THAT(([] { State::growable("k", DType::f32, {0, 2}); }),
              ThrowsMessage<InvalidArgument>(HasSubstr("needs rows to start with")));
  const State k = State::growable("k", DType::f32, {4, 2});
  EXPECT_THAT(([&] {
                trace_entries(
                    {{"main", [&]() -> std::vector<NamedArray> { return {{"y", k.read() + 1}}; }}});
              }),
              ThrowsMessage<InvalidArgument>(HasSubstr("a growable state have no fixed count")));
}

}  // namespace
}  // namespace ashlar
