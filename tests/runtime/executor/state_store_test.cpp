// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/state_store.h"

#include "runtime/program/error.h"
#include "tests/runtime/vulkan_test.h"

#include <numeric>

namespace ashlar {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const StateSpec kCache = {"cache", DType::u32, {4, 8}, true, Residency::state};

class StateStoreTest : public VulkanTest {
protected:
  std::vector<std::uint32_t> read(std::string_view name) {
    std::vector<std::uint32_t> words(store_->at(name).buffer().bytes() / 4);
    store_->read(name, 0, std::as_writable_bytes(std::span(words)));
    return words;
  }
  void write(std::string_view name, const std::vector<std::uint32_t>& words,
             std::uint64_t offset = 0) {
    store_->write(name, offset, std::as_bytes(std::span(words)));
  }

  void SetUp() override {
    VulkanTest::SetUp();
    store_.emplace(device());
  }
  void TearDown() override {
    store_.reset();
    VulkanTest::TearDown();
  }

  std::optional<StateStore> store_;
};

TEST_F(StateStoreTest, StatesStartAsZeros) {
  for (Residency residency : {Residency::state, Residency::step, Residency::ring}) {
    const std::string name = "s" + std::to_string(static_cast<int>(residency));
    store_->declare({name, DType::u32, {100}, false, residency});
    EXPECT_THAT(read(name), Each(0u));
  }
  EXPECT_THAT(store_->names(), testing::SizeIs(3));
}

TEST_F(StateStoreTest, WritesAndReadsRanges) {
  store_->declare({"s", DType::u32, {4}, false, Residency::state});
  write("s", {1, 2, 3, 4});
  write("s", {9}, 8);
  EXPECT_THAT(read("s"), ElementsAre(1, 2, 9, 4));
  EXPECT_THROW(write("s", {1, 2}, 12), InvalidArgument);
  EXPECT_THROW(store_->at("t"), InvalidArgument);
  store_->reset("s");
  EXPECT_THAT(read("s"), Each(0u));
}

TEST_F(StateStoreTest, TheSameNameMustMeanTheSame) {
  DeviceState& state = store_->declare(kCache);
  EXPECT_EQ(&store_->declare(kCache), &state);
  for (const StateSpec& other : {StateSpec{"cache", DType::i32, {4, 8}, true, Residency::state},
                                 StateSpec{"cache", DType::u32, {4, 9}, true, Residency::state},
                                 StateSpec{"cache", DType::u32, {4}, true, Residency::state},
                                 StateSpec{"cache", DType::u32, {4, 8}, false, Residency::state},
                                 StateSpec{"cache", DType::u32, {4, 8}, true, Residency::ring},
                                 StateSpec{"cache", DType::u32, {5, 8}, true, Residency::state}})
    EXPECT_THROW(store_->declare(other), InvalidArgument);
  EXPECT_THAT([&] { store_->declare({"cache", DType::f32, {4, 8}, true, Residency::state}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'cache' exists as u32 [4, 8] growable: "
                                                       "expected f32 [4, 8] growable")));
}

TEST_F(StateStoreTest, GrowthDoublesKeepsRowsAndClearsTheRest) {
  DeviceState& state = store_->declare(kCache);
  std::vector<std::uint32_t> rows(32);
  std::iota(rows.begin(), rows.end(), 1u);
  write("cache", rows);
  const std::uint64_t before = state.buffer().id();
  store_->grow("cache", 4);
  EXPECT_EQ(state.buffer().id(), before);
  store_->grow("cache", 5);
  EXPECT_NE(state.buffer().id(), before);
  EXPECT_EQ(state.shape(), Shape({8, 8}));
  rows.resize(64);
  EXPECT_EQ(read("cache"), rows);
  store_->grow("cache", 50);
  EXPECT_EQ(state.shape(), Shape({50, 8}));
  store_->grow("cache", 51, 60);
  EXPECT_EQ(state.shape(), Shape({60, 8}));
  EXPECT_NO_THROW(store_->declare(kCache));
  EXPECT_THAT([&] { store_->grow("cache", 61, 60); },
              ThrowsMessage<InvalidArgument>(HasSubstr("61 rows: at most 60")));
}

TEST_F(StateStoreTest, FailedGrowthLeavesTheStateAsItWas) {
  store_.reset();
  DeviceOptions options = validated();
  options.memory_limit = 1 << 20;
  open(options);
  store_.emplace(device());
  DeviceState& state = store_->declare(kCache);
  const std::uint64_t before = state.buffer().id();
  EXPECT_THROW(store_->grow("cache", 1 << 20), OutOfMemory);
  EXPECT_THROW(store_->grow("cache", std::int64_t{1} << 61), InvalidArgument);
  EXPECT_EQ(state.shape(), Shape({4, 8}));
  EXPECT_EQ(state.buffer().id(), before);
}

TEST_F(StateStoreTest, OnlyGrowableStatesGrow) {
  store_->declare({"s", DType::u32, {4}, false, Residency::state});
  EXPECT_THAT([&] { store_->grow("s", 8); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'s' cannot grow")));
}

TEST_F(StateStoreTest, InvalidStatesAreRefusedUntilRewritten) {
  DeviceState& state = store_->declare({"s", DType::u32, {2}, false, Residency::state});
  const auto invalid = ThrowsMessage<InvalidArgument>(HasSubstr("invalid after a failed submit"));
  state.invalidate();
  EXPECT_THAT([&] { read("s"); }, invalid);
  EXPECT_THAT([&] { write("s", {1}, 4); }, invalid);
  write("s", {3, 4});
  EXPECT_THAT(read("s"), ElementsAre(3, 4));
  state.invalidate();
  store_->reset("s");
  EXPECT_THAT(read("s"), ElementsAre(0, 0));
}

}  // namespace
}  // namespace ashlar
