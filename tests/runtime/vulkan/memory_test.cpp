// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/memory.h"

#include "runtime/program/error.h"
#include "tests/runtime/vulkan_test.h"

#include <array>
#include <cstdlib>
#include <functional>
#include <numeric>

namespace ashlar {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::ThrowsMessage;

class MemoryTest : public VulkanTest {};

TEST_F(MemoryTest, CountsWhatLives) {
  const MemoryStats before = device().memory().stats();
  {
    const Buffer a(device(), 1000, Residency::state, "a");
    const Buffer b(device(), 5000, Residency::weights, "b");
    const MemoryStats during = device().memory().stats();
    EXPECT_EQ(during.allocations, before.allocations + 2);
    EXPECT_EQ(during.live, before.live + 2);
    EXPECT_GE(during.live_bytes, before.live_bytes + 6000);
  }
  const MemoryStats after = device().memory().stats();
  EXPECT_EQ(after.live_bytes, before.live_bytes);
  EXPECT_GE(after.peak_bytes, before.live_bytes + 6000);
}

TEST_F(MemoryTest, HostClassesAreMappedAndDeviceClassesAreNot) {
  for (Residency residency : {Residency::step, Residency::ring, Residency::staging})
    EXPECT_NE(Buffer(device(), 64, residency, "host").mapped(), nullptr);
  for (Residency residency : {Residency::weights, Residency::state, Residency::arena})
    EXPECT_EQ(Buffer(device(), 64, residency, "device").mapped(), nullptr);
}

TEST_F(MemoryTest, BuffersHaveAlignedAddressesAndIdsOfTheirOwn) {
  const Buffer a(device(), 7, Residency::state, "a");
  const Buffer empty(device(), 0, Residency::state, "empty");
  EXPECT_EQ(a.address() % 16, 0u);
  EXPECT_NE(empty.address(), 0u);
  EXPECT_EQ(empty.bytes(), 0u);
  EXPECT_NE(a.id(), empty.id());
}

TEST_F(MemoryTest, ABufferMayBeDroppedWhileItIsInUse) {
  const Buffer target = upload(std::vector<std::uint32_t>(1024));
  {
    const Buffer source = upload(std::vector<std::uint32_t>(1024, 7));
    device().transfers().copy(source, 0, target, 0, 4096);
  }
  EXPECT_THAT(download<std::uint32_t>(target), Each(7u));
}

TEST_F(MemoryTest, TheBudgetSaysWhatWouldFit) {
  DeviceOptions options = validated();
  options.memory_limit = 1 << 20;
  open(options);
  const std::array fits = {Demand{Residency::weights, 1 << 19}, Demand{Residency::arena, 1 << 18}};
  EXPECT_NO_THROW(device().memory().check_budget(fits));
  const std::array too_much = {Demand{Residency::weights, 1 << 20},
                               Demand{Residency::arena, 1 << 18}};
  EXPECT_THAT([&] { device().memory().check_budget(too_much); },
              ThrowsMessage<OutOfMemory>(AllOf(HasSubstr("needs 1310720 bytes"),
                                               HasSubstr("weights 1.0 MiB, arena 0.2 MiB"),
                                               HasSubstr("1048576 bytes (1.0 MiB) would fit"))));
  const Buffer used(device(), 1 << 19, Residency::state, "used");
  EXPECT_LE(device().memory().available(Residency::weights), 1u << 19);
}

TEST_F(MemoryTest, SumsOfDemandsDoNotWrap) {
  const std::array demands = {Demand{Residency::weights, ~std::uint64_t{0}},
                              Demand{Residency::weights, ~std::uint64_t{0}}};
  EXPECT_THROW(device().memory().check_budget(demands), OutOfMemory);
}

TEST_F(MemoryTest, OneBufferHasAnUpperLimit) {
  EXPECT_THAT(
      [&] { Buffer(device(), device().physical().max_allocation + 1, Residency::state, "big"); },
      ThrowsMessage<OutOfMemory>(AllOf(HasSubstr("'big'"), HasSubstr("at most"))));
  EXPECT_THROW(Buffer(device(), ~std::uint64_t{0}, Residency::state, "huge"), OutOfMemory);
}

TEST_F(MemoryTest, PoisonFillsFreshMemory) {
  open(validated({.poison = true}));
  for (Residency residency : {Residency::state, Residency::step}) {
    const Buffer buffer(device(), 64, residency, "fresh");
    EXPECT_THAT(download<std::uint8_t>(buffer), Each(0xFF));
  }
}

TEST(HostMemory, IsKnown) {
  EXPECT_GT(available_host_memory(), 1u << 20);
  EXPECT_LT(available_host_memory(), std::uint64_t{1} << 60);
}

class TransferTest : public VulkanTest, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(TransferTest, BytesComeBackFromAnyOffset) {
  const std::uint64_t size = GetParam();
  std::vector<std::uint8_t> bytes(size);
  for (std::uint64_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 31 + (i >> 13));
  const Buffer buffer(device(), size + 64, Residency::state, "target");
  device().transfers().write(buffer, 3, std::as_bytes(std::span(bytes)));
  std::vector<std::uint8_t> back(size);
  device().transfers().read(buffer, 3, std::as_writable_bytes(std::span(back)));
  EXPECT_EQ(back, bytes);
}

INSTANTIATE_TEST_SUITE_P(Sizes, TransferTest,
                         testing::Values(0, 1, 4097, Transfers::kChunkBytes - 1,
                                         Transfers::kChunkBytes, Transfers::kChunkBytes + 1,
                                         Transfers::kChunkBytes*(Transfers::kSlots + 2) + 5));

TEST_F(MemoryTest, TransfersCheckTheirRanges) {
  const Buffer buffer(device(), 100, Residency::state, "buffer");
  std::vector<std::byte> bytes(101);
  EXPECT_THAT([&] { device().transfers().write(buffer, 0, bytes); },
              ThrowsMessage<InvalidArgument>(
                  HasSubstr("range of 101 bytes at offset 0 of a buffer of 100")));
  EXPECT_THROW(device().transfers().read(buffer, ~std::uint64_t{0}, std::span(bytes).first(1)),
               InvalidArgument);
  EXPECT_THROW(device().transfers().copy(buffer, 0, buffer, 60, 50), InvalidArgument);
}

TEST_F(MemoryTest, StagingMemoryIsBounded) {
  const Buffer buffer(device(), 100 << 20, Residency::state, "large");
  const std::uint64_t before = device().memory().stats().live_bytes;
  device().transfers().write(buffer, 0, buffer.bytes(),
                             [](std::uint64_t, std::span<std::byte> chunk) {
                               std::memset(chunk.data(), 1, chunk.size());
                             });
  EXPECT_LE(device().memory().stats().peak_bytes,
            before + Transfers::kSlots * Transfers::kChunkBytes);
}

TEST_F(MemoryTest, TicketsAreDoneInOrder) {
  Queue& queue = device().queue();
  EXPECT_TRUE(queue.is_done(0));
  const Buffer buffer(device(), 64, Residency::state, "buffer");
  device().transfers().fill(buffer, 5);
  const Ticket ticket = queue.last_submitted();
  queue.wait(ticket);
  EXPECT_TRUE(queue.is_done(ticket));
  EXPECT_FALSE(queue.is_done(ticket + 1));
}

// Pages of the host, and whether they were let go.
struct Pages {
  explicit Pages(std::size_t bytes)
      : size(bytes), data(static_cast<std::byte*>(std::aligned_alloc(4096, bytes))) {}

  HostMemory from(std::size_t offset, std::function<void()> at_end = [] {}) const {
    const auto free = [at_end = std::move(at_end)](std::byte* memory) {
      at_end();
      std::free(memory);
    };
    return {{data + offset, size - offset}, std::shared_ptr<std::byte>(data, free)};
  }

  std::size_t size;
  std::byte* data;
};

TEST_F(MemoryTest, ABufferCanLieInMemoryOfTheHost) {
  if (device().physical().host_import_alignment == 0)
    GTEST_SKIP() << "the device imports no memory";
  const Pages pages(3 * 4096);
  std::iota(reinterpret_cast<std::uint32_t*>(pages.data),
            reinterpret_cast<std::uint32_t*>(pages.data + pages.size), 0u);
  const MemoryStats before = device().memory().stats();
  bool ended = false;
  {
    const auto imported =
        import_host_memory(device(), pages.from(4096 + 32, [&] { ended = true; }), "imported");
    ASSERT_TRUE(imported);
    EXPECT_EQ(imported->offset, 32u);
    EXPECT_EQ(imported->buffer.bytes(), 2u * 4096);
    EXPECT_EQ(device().memory().stats().live_bytes, before.live_bytes);
    const Buffer target = upload(std::vector<std::uint32_t>(4));
    device().transfers().copy(imported->buffer, imported->offset, target, 0, 16);
    EXPECT_THAT(download<std::uint32_t>(target), testing::ElementsAre(1032, 1033, 1034, 1035));
    EXPECT_FALSE(ended);
  }
  EXPECT_TRUE(ended);
}

TEST_F(MemoryTest, MemoryOfTheHostIsLetGoWhenTheDeviceIsDoneWithIt) {
  if (device().physical().host_import_alignment == 0)
    GTEST_SKIP() << "the device imports no memory";
  const Pages pages(std::size_t{64} << 20);
  const Buffer target(device(), pages.size, Residency::state, "target");
  Ticket last = 0;
  bool done = false;
  {
    auto imported = import_host_memory(
        device(), pages.from(0, [&] { done = device().queue().is_done(last); }), "imported");
    ASSERT_TRUE(imported);
    for (int i = 0; i < 4; ++i)
      device().transfers().copy(imported->buffer, 0, target, 0, pages.size);
    last = device().queue().last_submitted();
  }
  device().queue().wait_idle();
  EXPECT_TRUE(done);
}

TEST_F(MemoryTest, RefusesToImportWhatIsNotAligned) {
  const Pages pages(4096);
  bool ended = false;
  EXPECT_FALSE(import_host_memory(device(), pages.from(8, [&] { ended = true; }), "odd"));
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace ashlar
