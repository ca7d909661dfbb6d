// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/executor.h"

#include "runtime/program/error.h"
#include "tests/runtime/test_programs.h"
#include "tests/runtime/vulkan_test.h"

#include <array>
#include <numeric>

namespace ashlar {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class ExecutorTest : public VulkanTest {
protected:
  std::vector<std::uint32_t> iota() {
    std::vector<std::uint32_t> values(kCount);
    std::iota(values.begin(), values.end(), 0u);
    return values;
  }

  std::vector<std::uint32_t> read_words(StateStore& store, std::string_view name,
                                        std::size_t count) {
    std::vector<std::uint32_t> words(count);
    store.read(name, 0, std::as_writable_bytes(std::span(words)));
    return words;
  }

  void write_words(StateStore& store, std::string_view name, std::vector<std::uint32_t> words) {
    store.write(name, 0, std::as_bytes(std::span(words)));
  }
};

// The output of chain_program() for iota().
void expect_chain(const std::vector<std::uint32_t>& values) {
  ASSERT_EQ(values.size(), kCount);
  for (std::uint32_t i = 0; i < kCount; ++i)
    ASSERT_EQ(values[i], i + 111) << "at " << i;
}

TEST_F(ExecutorTest, RunsAChainAndReplaysIt) {
  StateStore store(device());
  Executor executor(device(), chain_program(), store);
  const Buffer x = upload(iota());
  const Buffer y = upload(std::vector<std::uint32_t>(kCount));
  for (int i = 0; i < 3; ++i) {
    device().transfers().fill(y, 0);
    executor.run_and_wait(0, {{{&x}}}, {{{&y}}});
    expect_chain(download<std::uint32_t>(y));
  }
  EXPECT_EQ(executor.counters().recordings, 1u);
  EXPECT_EQ(executor.counters().submits, 3u);
  EXPECT_EQ(executor.counters().dispatches, 9u);
}

TEST_F(ExecutorTest, RepeatAdvancesStepStatesInOneSubmit) {
  StateStore store(device());
  Executor executor(device(), token_program(), store);
  write_words(store, "step", {0, 1});
  executor.run_and_wait(0, {}, {}, 5);
  executor.run_and_wait(0, {}, {}, 1);
  EXPECT_EQ(executor.counters().submits, 2u);
  EXPECT_EQ(executor.counters().recordings, 1u);
  EXPECT_THAT(read_words(store, "step", 2), ElementsAre(6, 1093));
  const auto* ring = reinterpret_cast<const std::uint32_t*>(store.at("ring").buffer().mapped());
  EXPECT_THAT(std::vector(ring, ring + 7), ElementsAre(1, 4, 13, 40, 121, 364, 0));
}

class BindingTest : public ExecutorTest, public testing::WithParamInterface<TestKernel> {};

TEST_P(BindingTest, NewInputsAndOutputsPatchRecordsAndKeepTheRecording) {
  StateStore store(device());
  Executor executor(device(), chain_program(GetParam()), store);
  std::vector<std::uint32_t> shifted = iota();
  shifted.insert(shifted.begin(), 4, 0u);  // the same values, 16 bytes further
  const Buffer x = upload(iota()), x2 = upload(shifted);
  const Buffer y = upload(std::vector<std::uint32_t>(kCount)),
               y2 = upload(std::vector<std::uint32_t>(kCount));
  executor.run_and_wait(0, {{{&x}}}, {{{&y}}});
  EXPECT_EQ(executor.counters().records_patched, 2u);
  executor.run_and_wait(0, {{{&x2, 16}}}, {{{&y2}}});
  EXPECT_EQ(executor.counters().records_patched, 4u);
  executor.run_and_wait(0, {{{&x2, 16}}}, {{{&y2}}});
  EXPECT_EQ(executor.counters().records_patched, 4u);
  EXPECT_EQ(executor.counters().recordings, 1u);
  expect_chain(download<std::uint32_t>(y));
  expect_chain(download<std::uint32_t>(y2));
}

TEST_P(BindingTest, RebindingWhileARunIsInFlightIsSafe) {
  StateStore store(device());
  Executor executor(device(), chain_program(GetParam()), store);
  const Buffer x = upload(iota());
  std::vector<Buffer> outputs;
  for (int i = 0; i < 20; ++i)
    outputs.push_back(upload(std::vector<std::uint32_t>(kCount)));
  for (const Buffer& y : outputs)
    executor.run(0, {{{&x}}}, {{{&y}}});
  device().queue().wait_idle();
  for (const Buffer& y : outputs)
    expect_chain(download<std::uint32_t>(y));
}

INSTANTIATE_TEST_SUITE_P(Kernels, BindingTest, testing::Values(kAddScalar, kAddIndirect));

TEST_F(ExecutorTest, AnExecutorMayBeDroppedWhileItRuns) {
  StateStore store(device());
  const Buffer x = upload(iota()), y = upload(std::vector<std::uint32_t>(kCount));
  {
    Executor executor(device(), chain_program(), store);
    executor.run(0, {{{&x}}}, {{{&y}}}, 50);
  }
  expect_chain(download<std::uint32_t>(y));
}

TEST_F(ExecutorTest, GrowthPatchesRecordsAndKeepsTheRecording) {
  StateStore store(device());
  Executor executor(device(), cache_program(), store);
  for (std::int64_t position = 0; position < 20; ++position) {
    store.grow("cache", position + 1);
    executor.run(0, {}, {});
  }
  device().queue().wait_idle();
  EXPECT_EQ(executor.counters().recordings, 1u);
  EXPECT_EQ(store.at("cache").shape(), Shape({32, kCount}));
  const auto rows = read_words(store, "cache", 20 * kCount);
  for (std::uint32_t row = 0; row < 20; ++row)
    for (std::uint32_t i = 0; i < kCount; ++i)
      ASSERT_EQ(rows[row * kCount + i], 1000 * row + i);
}

TEST_F(ExecutorTest, StatesAreSharedBetweenExecutors) {
  StateStore store(device());
  Executor first(device(), token_program(), store), second(device(), token_program(), store);
  write_words(store, "step", {0, 1});
  first.run(0, {}, {}, 2);
  second.run(0, {}, {}, 3);
  device().queue().wait_idle();
  EXPECT_THAT(read_words(store, "step", 2), ElementsAre(5, 364));
}

TEST_F(ExecutorTest, StatesOfAnotherShapeAreRefused) {
  StateStore store(device());
  store.declare({"step", DType::u32, {3}, false, Residency::step});
  EXPECT_THAT([&] { Executor(device(), token_program(), store); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'step' exists as u32 [3]")));
}

TEST_F(ExecutorTest, WeightsAndConstantsReachTheKernels) {
  StateStore store(device());
  Executor executor(device(), weight_program(0.5f), store);
  const std::vector<float> a(kCount, 10.0f), b(kCount, 200.0f), x(kCount, 3000.0f);
  const Buffer input = upload(x), output = upload(std::vector<float>(kCount));
  const auto run = [&] { executor.run_and_wait(0, {{{&input}}}, {{{&output}}}); };

  EXPECT_THAT(run, ThrowsMessage<InvalidArgument>(HasSubstr("'a' and 0 more")));
  executor.upload_weight("a", std::as_bytes(std::span(a)));
  EXPECT_THAT(run, ThrowsMessage<InvalidArgument>(HasSubstr("'b'")));
  EXPECT_THAT([&] { executor.upload_weight("b", std::as_bytes(std::span(b).first(7))); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected 400 bytes, got 28")));
  EXPECT_THROW(executor.upload_weight("c", {}), InvalidArgument);
  executor.upload_weight("b", std::as_bytes(std::span(b)));
  run();
  EXPECT_THAT(download<float>(output), Each(3210.5f));

  executor.load_weights([](const WeightSpec& weight, std::uint64_t, std::span<std::byte> chunk) {
    const float value = weight.name == "a" ? 1.0f : 2.0f;
    for (std::size_t i = 0; i < chunk.size(); i += sizeof(value))
      std::memcpy(chunk.data() + i, &value, sizeof(value));
  });
  run();
  EXPECT_THAT(download<float>(output), Each(3003.5f));
}

TEST_F(ExecutorTest, AnEntryFillsPrepackedWeightsForOthers) {
  Program program = kernels_only();
  program.weight_groups = {{.weights = {}, .bytes = kBytes}};
  const ValueSpec value = {"x", DType::u32, {kCount}};
  const BufferRange packed = whole(Space::weight, 0, kBytes);
  program.entries = {
      {"prepack", {value}, {}, 0, {add_scalar(whole(Space::input, 0, kBytes), packed, kCount, 5)}},
      {"run", {}, {value}, 0, {add_scalar(packed, whole(Space::output, 0, kBytes), kCount, 106)}}};
  StateStore store(device());
  Executor executor(device(), program, store);
  const Buffer x = upload(iota()), y = upload(std::vector<std::uint32_t>(kCount));
  EXPECT_THAT([&] { executor.run(executor.entry_index("run"), {}, {{{&y}}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("before an entry has filled it")));
  executor.run(executor.entry_index("prepack"), {{{&x}}}, {});
  executor.run_and_wait(executor.entry_index("run"), {}, {{{&y}}});
  expect_chain(download<std::uint32_t>(y));
}

// Copies name their buffers in the commands, so these recordings follow the bindings.
TEST_F(ExecutorTest, CopiesOfInputsAndGrownStatesAreRecordedAgain) {
  Program program = cache_program();
  const BufferRange input = whole(Space::input, 0, kBytes),
                    output = whole(Space::output, 0, kBytes);
  const BufferRange row{Space::state, 1, kBytes, kBytes};
  program.entries = {{"copy",
                      {{"x", DType::u32, {kCount}}},
                      {{"y", DType::u32, {kCount}}},
                      0,
                      {Copy{input, row, "in"}, Barrier{}, Copy{row, output, "out"}}}};
  StateStore store(device());
  Executor executor(device(), program, store);
  const Buffer x = upload(iota()), y = upload(std::vector<std::uint32_t>(kCount));
  const Buffer x2 = upload(std::vector<std::uint32_t>(kCount, 9));
  executor.run(0, {{{&x}}}, {{{&y}}});
  executor.run(0, {{{&x}}}, {{{&y}}});
  EXPECT_EQ(executor.counters().recordings, 1u);
  EXPECT_EQ(download<std::uint32_t>(y), iota());
  executor.run(0, {{{&x2}}}, {{{&y}}});
  EXPECT_EQ(executor.counters().recordings, 2u);
  EXPECT_THAT(download<std::uint32_t>(y), Each(9u));
  store.grow("cache", 5);
  executor.run(0, {{{&x}}}, {{{&y}}});
  EXPECT_EQ(executor.counters().recordings, 3u);
  EXPECT_EQ(download<std::uint32_t>(y), iota());
}

// Pushed arguments are part of the recording too, unless they are indirect.
TEST_F(ExecutorTest, PushedArgumentsAreRecordedAgainWhereBuffersMove) {
  StateStore store(device());
  Executor executor(device(), chain_program(kAddPushed), store);
  executor.warm_up(0);
  const Buffer x = upload(iota());
  const Buffer y = upload(std::vector<std::uint32_t>(kCount)),
               y2 = upload(std::vector<std::uint32_t>(kCount));
  executor.run(0, {{{&x}}}, {{{&y}}});
  executor.run(0, {{{&x}}}, {{{&y}}});
  EXPECT_EQ(executor.counters().recordings, 1u);
  executor.run_and_wait(0, {{{&x}}}, {{{&y2}}});
  EXPECT_EQ(executor.counters().recordings, 2u);
  expect_chain(download<std::uint32_t>(y));
  expect_chain(download<std::uint32_t>(y2));
}

// So are texel buffers, and nothing else of a kernel whose arguments are indirect.
TEST_F(ExecutorTest, TexelBuffersAreRecordedAgainWhereBuffersMove) {
  StateStore store(device());
  Executor executor(device(), chain_program(kAddTexels), store);
  executor.warm_up(0);  // the first kernel waits for its input
  const Buffer x = upload(iota()), x2 = upload(std::vector<std::uint32_t>(kCount, 9));
  const Buffer y = upload(std::vector<std::uint32_t>(kCount)),
               y2 = upload(std::vector<std::uint32_t>(kCount));
  executor.run(0, {{{&x}}}, {{{&y}}});
  executor.warm_up(0);
  executor.run_and_wait(0, {{{&x}}}, {{{&y2}}});
  EXPECT_EQ(executor.counters().recordings, 1u);
  expect_chain(download<std::uint32_t>(y));
  expect_chain(download<std::uint32_t>(y2));
  executor.run_and_wait(0, {{{&x2}}}, {{{&y}}});
  EXPECT_EQ(executor.counters().recordings, 2u);
  EXPECT_THAT(download<std::uint32_t>(y), Each(9u + 111u));
}

TEST_F(ExecutorTest, TexelBuffersHoldAllRowsOfAStateThatGrew) {
  Program program = cache_program();
  const BufferRange cache = whole(Space::state, 1, 4 * kBytes);
  Dispatch last_row = add_scalar(cache, whole(Space::output, 0, 9 * kBytes), 9 * kCount, 1);
  last_row.kernel = kAddTexels;
  program.entries = {{"read", {}, {{"y", DType::u32, {9 * kCount}}}, 0, {last_row}}};
  StateStore store(device());
  Executor executor(device(), program, store);
  const Buffer y = upload(std::vector<std::uint32_t>(9 * kCount));
  for (const std::uint32_t value : {5u, 6u}) {
    store.grow("cache", 9 * value);
    const std::vector<std::uint32_t> rows(9 * kCount, value);
    store.write("cache", 0, std::as_bytes(std::span(rows)));
    executor.run_and_wait(0, {}, {{{&y}}});
    EXPECT_THAT(download<std::uint32_t>(y), Each(value + 1));
  }
  EXPECT_EQ(executor.counters().recordings, 2u);
}

TEST_F(ExecutorTest, ADonatedInputMayBeItsOutputsBuffer) {
  Program program = chain_program();
  program.entries[0].donations = {{0, 0}};
  StateStore store(device());
  Executor executor(device(), program, store);
  const Buffer x = upload(iota()), y = upload(std::vector<std::uint32_t>(kCount));
  executor.run_and_wait(0, {{{&x}}}, {{{&y}}});
  expect_chain(download<std::uint32_t>(y));
  EXPECT_EQ(download<std::uint32_t>(x), iota());
  executor.run_and_wait(0, {{{&x}}}, {{{&x}}});
  expect_chain(download<std::uint32_t>(x));
  const Buffer wide(device(), 2 * kBytes, Residency::state, "wide");
  EXPECT_THAT([&] { executor.run(0, {{{&wide}}}, {{{&wide, 16}}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("output 'y' overlaps input 'x'")));
}

TEST_F(ExecutorTest, WrongBindingsAreTypedErrors) {
  StateStore store(device());
  Executor executor(device(), chain_program(), store);
  const Buffer x = upload(iota()), y = upload(std::vector<std::uint32_t>(kCount));
  const Buffer small(device(), 396, Residency::state, "small");
  const Buffer wide(device(), 2 * kBytes, Residency::state, "wide");
  const auto run = [&](const std::vector<BufferView>& inputs,
                       const std::vector<BufferView>& outputs) {
    return [&executor, inputs, outputs] { executor.run(0, inputs, outputs); };
  };
  const auto says = [](const char* what) {
    return ThrowsMessage<InvalidArgument>(HasSubstr(what));
  };
  EXPECT_THAT(run({}, {{&y}}), says("expected 1 inputs and 1 outputs, got 0 and 1"));
  EXPECT_THAT(run({{nullptr}}, {{&y}}), says("'x' has no buffer"));
  EXPECT_THAT(run({{&small}}, {{&y}}), says("'x' of type u32 [100]: expected 400 bytes, got 396"));
  EXPECT_THAT(run({{&x}}, {{&y, 4}}), says("'y' of type u32 [100]"));
  EXPECT_THAT(run({{&x}}, {{&wide, 8}}),
              says("'y' starts at offset 8: expected a multiple of 16 bytes"));
  EXPECT_THAT(run({{&wide, 4}}, {{&y}}), says("'x' starts at offset 4"));
  EXPECT_THAT(run({{&x}}, {{&y, ~std::uint64_t{0}}}), says("'y' of type u32 [100]"));
  EXPECT_THAT(run({{&wide}}, {{&wide, 384}}), says("output 'y' overlaps input 'x'"));
  EXPECT_NO_THROW(run({{&wide}}, {{&wide, 400}})());
  EXPECT_THAT([&] { executor.run(0, {{{&x}}}, {{{&y}}}, 0); }, says("at least once"));
  EXPECT_THAT([&] { executor.run(1, {}, {}); }, says("entry 1 of 1"));
  EXPECT_THAT([&] { executor.warm_up(1); }, says("entry 1 of 1"));
  EXPECT_THAT([&] { (void)executor.entry_index("decode"); }, says("no entry 'decode'"));
}

TEST_F(ExecutorTest, TheBudgetIsCheckedBeforeAnythingIsAllocated) {
  DeviceOptions options = validated();
  options.memory_limit = 1 << 20;
  open(options);
  Program program = chain_program();
  program.entries[0].arena_bytes = 3 << 20;
  StateStore store(device());
  const std::uint64_t before = device().memory().stats().allocations;
  EXPECT_THAT([&] { Executor(device(), program, store); },
              ThrowsMessage<OutOfMemory>(HasSubstr("arena 3.0 MiB")));
  EXPECT_EQ(device().memory().stats().allocations, before);
}

TEST_F(ExecutorTest, ProgramsThatTheDeviceCannotRunAreRefused) {
  StateStore store(device());
  Program program = chain_program();
  program.kernels[0].subgroup_size = device().profile().max_subgroup_size * 2;
  EXPECT_THAT([&] { Executor(device(), program, store); },
              ThrowsMessage<Unsupported>(HasSubstr("subgroups of")));
  program.kernels[0].subgroup_size = device().profile().subgroup_size;
  EXPECT_NO_THROW(Executor(device(), program, store));
  program.kernels[0].argument_count = 9;
  EXPECT_NO_THROW(Executor(device(), program, store));  // no dispatch uses kernel 0
  program.kernels[1].argument_count = 9;
  EXPECT_THROW(Executor(device(), program, store), FormatError);
}

TEST_F(ExecutorTest, WarmUpRunsNothing) {
  StateStore store(device());
  Executor executor(device(), token_program(), store);
  executor.warm_up(0);
  EXPECT_THAT(read_words(store, "step", 2), ElementsAre(0, 0));
}

TEST_F(ExecutorTest, ProfileTimesEachCommandOfEachRun) {
  StateStore store(device());
  Executor executor(device(), cache_program(), store);
  for (std::uint32_t repeat : {1u, 3u}) {
    const std::uint32_t before = read_words(store, "step", 1)[0];
    const std::uint64_t dispatches = executor.counters().dispatches;
    const ProfiledRun run = executor.profile(0, {}, {}, repeat);
    ASSERT_EQ(run.commands.size(), 2 * repeat);
    EXPECT_EQ(run.commands[0].start, 0);
    double end = 0;
    for (std::size_t i = 0; i < run.commands.size(); ++i) {
      const CommandTime& time = run.commands[i];
      EXPECT_EQ(i % 2 == 0 ? time.label : time.kernel, i % 2 == 0 ? "append" : "advance");
      EXPECT_GE(time.start, end);
      EXPECT_GT(time.nanoseconds, 0);
      end = time.start + time.nanoseconds;
      EXPECT_LT(end, run.nanoseconds);
    }
    EXPECT_EQ(read_words(store, "step", 1)[0], before + repeat);
    EXPECT_EQ(executor.counters().dispatches, dispatches + 2 * repeat);
  }
}

TEST_F(ExecutorTest, UnwrittenReadsArePoisoned) {
  open(validated({.poison = true}));
  Program program = kernels_only();
  program.entries = {
      {"run",
       {},
       {{"y", DType::u32, {kCount}}},
       kBytes,
       {add_scalar(whole(Space::arena, 0, kBytes), whole(Space::output, 0, kBytes), kCount, 0)}}};
  StateStore store(device());
  Executor executor(device(), program, store);
  const Buffer y = upload(std::vector<std::uint32_t>(kCount));
  for (int i = 0; i < 2; ++i) {
    executor.run_and_wait(0, {}, {{{&y}}});
    EXPECT_THAT(download<std::uint32_t>(y), Each(0xFFFFFFFFu));
  }
}

TEST_F(ExecutorTest, HazardsAreReportedWhenAsked) {
  Program program = chain_program();
  program.entries[0].commands.erase(program.entries[0].commands.begin() + 1);
  StateStore store(device());
  EXPECT_NO_THROW(Executor(device(), program, store));
  open(validated({.hazards = true}));
  StateStore checked(device());
  EXPECT_THAT([&] { Executor(device(), program, checked); },
              ThrowsMessage<Error>(HasSubstr("read after write")));
  EXPECT_NO_THROW(Executor(device(), chain_program(), checked));
}

class DebugConfigurations : public ExecutorTest, public testing::WithParamInterface<const char*> {};

TEST_P(DebugConfigurations, AgreeWithTheOrdinaryOne) {
  open(validated(parse_debug_options(GetParam())));
  StateStore store(device());
  Executor chain(device(), chain_program(), store), tokens(device(), cache_program(), store);
  const Buffer x = upload(iota()), y = upload(std::vector<std::uint32_t>(kCount));
  chain.run_and_wait(0, {{{&x}}}, {{{&y}}}, 3);
  expect_chain(download<std::uint32_t>(y));
  write_words(store, "step", {0, 1});
  tokens.run_and_wait(0, {}, {}, 4);
  EXPECT_THAT(read_words(store, "step", 2), ElementsAre(4, 121));
  const auto rows = read_words(store, "cache", 4 * kCount);
  EXPECT_EQ(rows.back(), 3099u);
}

INSTANTIATE_TEST_SUITE_P(All, DebugConfigurations,
                         testing::Values("", "full-barriers", "sync-each", "poison", "hazards",
                                         "full-barriers,sync-each,poison,hazards"));

}  // namespace
}  // namespace ashlar
