// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/hazard_checker.h"

#include "runtime/program/error.h"
#include "tests/runtime/test_programs.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Program without_command(Program program, std::size_t index) {
  auto& commands = program.entries[0].commands;
  commands.erase(commands.begin() + static_cast<long>(index));
  return program;
}

Program with_commands(std::vector<Command> commands) {
  Program program = token_program();
  program.states.push_back({"cache", DType::u32, {4, 100}, true, Residency::state});
  program.entries[0].arena_bytes = 4096;
  program.entries[0].commands = std::move(commands);
  return program;
}

BufferRange arena(std::uint64_t offset, std::uint64_t bytes = kBytes) {
  return {Space::arena, 0, offset, bytes};
}

std::vector<Hazard> hazards_of(const Program& program) {
  return find_hazards(program, program.entries[0]);
}

TEST(Hazards, CorrectProgramsHaveNone) {
  for (const Program& program :
       {chain_program(), token_program(), cache_program(), weight_program(1)}) {
    EXPECT_THAT(hazards_of(program), IsEmpty());
    EXPECT_THAT(find_unwritten_reads(program.entries[0]), IsEmpty());
    EXPECT_NO_THROW(require_no_hazards(program));
  }
}

TEST(Hazards, EveryBarrierOfTheChainIsNeeded) {
  for (std::size_t barrier : {1, 3}) {
    const std::vector<Hazard> hazards = hazards_of(without_command(chain_program(), barrier));
    ASSERT_THAT(hazards, SizeIs(1));
    EXPECT_EQ(hazards[0].kind, HazardKind::read_after_write);
    EXPECT_EQ(hazards[0].first_label, barrier == 1 ? "one" : "ten");
    EXPECT_EQ(hazards[0].second_label, barrier == 1 ? "ten" : "hundred");
    EXPECT_EQ(hazards[0].range, arena(barrier == 1 ? 0 : 512));
  }
}

TEST(Hazards, WriteAfterReadAndWriteAfterWriteAreFound) {
  const auto read_first = hazards_of(with_commands(
      {add_scalar(arena(0), arena(1024), 100, 1), add_scalar(arena(2048), arena(0), 100, 1)}));
  ASSERT_THAT(read_first, SizeIs(1));
  EXPECT_EQ(read_first[0].kind, HazardKind::write_after_read);

  const auto both_write = hazards_of(with_commands(
      {add_scalar(arena(1024), arena(0), 100, 1), add_scalar(arena(2048), arena(396), 100, 1)}));
  ASSERT_THAT(both_write, SizeIs(1));
  EXPECT_EQ(both_write[0].kind, HazardKind::write_after_write);
  EXPECT_EQ(both_write[0].range, arena(396, 4));
}

TEST(Hazards, NeighboursAndReadersDoNotConflict) {
  EXPECT_THAT(hazards_of(with_commands({add_scalar(arena(2048), arena(0), 100, 1),
                                        add_scalar(arena(2048), arena(400), 100, 1)})),
              IsEmpty());
  const BufferRange ring = whole(Space::state, 1, 256), step = whole(Space::state, 0, 8);
  EXPECT_THAT(hazards_of(with_commands({Copy{ring, arena(0, 256), "ring"},
                                        Copy{step, arena(512, 8), "step"},
                                        Copy{ring, arena(1024, 256), "ring again"}})),
              IsEmpty());
}

TEST(Hazards, ReadModifyWriteChainsAndCopiesAreFound) {
  const BufferRange step = whole(Space::state, 0, 8), ring = whole(Space::state, 1, 256);
  EXPECT_THAT(hazards_of(with_commands({advance(step, ring), advance(step, ring)})), SizeIs(2));
  const auto copied =
      hazards_of(with_commands({advance(step, ring), Copy{ring, arena(0, 256), "c"}}));
  ASSERT_THAT(copied, SizeIs(1));
  EXPECT_EQ(copied[0].second_label, "c");
}

TEST(Hazards, AGrowableStateIsOneRange) {
  // Different rows, but rows of the present capacity are chosen on the device.
  const BufferRange row0{Space::state, 2, 0, 400}, row1{Space::state, 2, 400, 400};
  const auto hazards = hazards_of(with_commands(
      {add_scalar(arena(0), row0, 100, 1), Copy{row1, arena(2048, 400), "read the other row"}}));
  ASSERT_THAT(hazards, SizeIs(1));
  EXPECT_EQ(hazards[0].kind, HazardKind::read_after_write);
}

TEST(Hazards, UnwrittenReadsNameTheFirstMissingByte) {
  const Program program =
      with_commands({add_scalar(whole(Space::state, 1, 200), arena(0, 200), 50, 1), Barrier{},
                     add_scalar(arena(0), arena(1024), 100, 1), Barrier{},
                     add_scalar(arena(1024), arena(0), 100, 1)});
  const std::vector<UnwrittenRead> reads = find_unwritten_reads(program.entries[0]);
  ASSERT_THAT(reads, SizeIs(1));
  EXPECT_EQ(reads[0].command, 2u);
  EXPECT_EQ(reads[0].range, arena(200, 200));
}

TEST(Hazards, AdjacentWritesCoverAReadTogether) {
  std::vector<Command> commands;
  for (std::uint64_t offset : {200u, 0u, 100u, 300u})
    commands.emplace_back(Copy{{Space::state, 1, 0, 100}, arena(offset, 100), "part"});
  commands.emplace_back(Barrier{});
  commands.emplace_back(add_scalar(arena(0), arena(1024), 100, 1));
  EXPECT_THAT(find_unwritten_reads(with_commands(commands).entries[0]), IsEmpty());
}

// y lies in x: what reads x must be done when y is written.
TEST(Hazards, DonatedInputsAreOneBufferWithTheirOutputs) {
  const BufferRange x = whole(Space::input, 0, kBytes), y = whole(Space::output, 0, kBytes);
  Program program = chain_program();
  Entry& entry = program.entries[0];
  const auto late_read = [&] {
    entry.commands = {add_scalar(x, y, kCount, 1, "write"), Barrier{},
                      add_scalar(x, arena(0), kCount, 1, "late")};
  };
  const auto no_barrier = [&] {
    entry.commands = {add_scalar(x, arena(0), kCount, 1, "read"),
                      add_scalar(x, y, kCount, 1, "write")};
  };
  late_read();
  EXPECT_NO_THROW(require_no_hazards(program));
  no_barrier();
  EXPECT_NO_THROW(require_no_hazards(program));
  entry.donations = {{0, 0}};
  ASSERT_THAT(hazards_of(program), SizeIs(1));
  EXPECT_EQ(hazards_of(program)[0].kind, HazardKind::write_after_read);
  late_read();
  EXPECT_THAT(hazards_of(program), IsEmpty());
  EXPECT_THAT([&] { require_no_hazards(program); },
              testing::ThrowsMessage<Error>(
                  HasSubstr("command 2 'late' reads input 0 after an output was written over it")));
}

TEST(Hazards, TheErrorListsLabels) {
  EXPECT_THAT([] { require_no_hazards(without_command(chain_program(), 1)); },
              testing::ThrowsMessage<Error>(
                  testing::AllOf(HasSubstr("entry 'run'"), HasSubstr("read after write"),
                                 HasSubstr("'one' then 1 'ten' without a barrier"))));
}

}  // namespace
}  // namespace ashlar
