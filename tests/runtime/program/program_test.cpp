// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/program.h"

#include "runtime/program/error.h"
#include "tests/runtime/program/sample_program.h"

#include <gmock/gmock.h>

#include <functional>
#include <limits>

namespace ashlar {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

TEST(ByteCount, MultipliesWithChecks) {
  EXPECT_EQ(byte_count(DType::bf16, {3, 5}), 30u);
  EXPECT_EQ(byte_count(DType::f32, {}), 4u);
  EXPECT_EQ(byte_count(DType::f32, {0, 7}), 0u);
  EXPECT_THROW(byte_count(DType::u8, {-1}), InvalidArgument);
  EXPECT_THROW(byte_count(DType::f32, {std::int64_t{1} << 62}), InvalidArgument);
}

TEST(Verify, AcceptsTheSample) {
  EXPECT_NO_THROW(verify(sample_program()));
}

struct Breakage {
  const char* message;
  std::function<void(Program&)> apply;
};

Dispatch& first_dispatch(Program& p) {
  return std::get<Dispatch>(p.entries[1].commands[0]);
}
Copy& copy_of(Program& p) {
  return std::get<Copy>(p.entries[1].commands[1]);
}

class VerifyRejects : public testing::TestWithParam<Breakage> {};

TEST_P(VerifyRejects, WithItsReason) {
  Program program = sample_program();
  GetParam().apply(program);
  EXPECT_THAT([&] { verify(program); },
              testing::ThrowsMessage<FormatError>(testing::HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Every, VerifyRejects,
    testing::Values(
        Breakage{"kernel 'two' appears twice", [](Program& p) { p.kernels[1].name = "two"; }},
        Breakage{"kernel without a name", [](Program& p) { p.kernels[0].name.clear(); }},
        Breakage{"holds no SPIR-V", [](Program& p) { p.kernels[0].spirv.resize(4); }},
        Breakage{"holds no SPIR-V", [](Program& p) { p.kernels[0].spirv[0] = 1; }},
        Breakage{"workgroup size of 0", [](Program& p) { p.kernels[0].workgroup_size[1] = 0; }},
        Breakage{"invocations in a workgroup",
                 [](Program& p) { p.kernels[0].workgroup_size = {65536, 65536, 65536}; }},
        Breakage{"subgroup size of 12", [](Program& p) { p.kernels[0].subgroup_size = 12; }},
        Breakage{"kernel 'none' pushes 132 bytes",
                 [](Program& p) {
                   p.kernels[1].pushed = true;
                   p.kernels[1].scalar_count = 33;
                 }},
        Breakage{"no pushed argument 0", [](Program& p) { p.kernels[1].indirect = {0}; }},
        Breakage{"no pushed argument 2", [](Program& p) { p.kernels[0].indirect = {2}; }},
        Breakage{"no argument 2 to be read as texels",
                 [](Program& p) { p.kernels[0].texels = {2}; }},
        Breakage{"reads 17 arguments as texels",
                 [](Program& p) { p.kernels[0].texels.resize(17); }},
        Breakage{"argument 1 cannot be read as texels",
                 [](Program& p) { p.kernels[0].texels = {1}; }},
        Breakage{
            "argument 0 cannot be read as texels",
            [](Program& p) { first_dispatch(p).arguments[0].range = {Space::input, 0, 8, 16}; }},
        Breakage{"weight group 1 is empty", [](Program& p) { p.weight_groups[1].bytes = 0; }},
        Breakage{"'k' overlaps", [](Program& p) { p.weight_groups[0].weights[1].offset = 60; }},
        Breakage{"'k' is not aligned",
                 [](Program& p) { p.weight_groups[0].weights[1].offset = 66; }},
        Breakage{"'k' ends outside", [](Program& p) { p.weight_groups[0].bytes = 75; }},
        Breakage{"'k' ends outside",
                 [](Program& p) { p.weight_groups[0].weights[1].offset = kHuge - 3; }},
        Breakage{"unknown dtype",
                 [](Program& p) { p.weight_groups[0].weights[0].dtype = DType(99); }},
        Breakage{"has rank 9", [](Program& p) { p.states[0].shape = {1, 1, 1, 1, 1, 1, 1, 1, 1}; }},
        Breakage{"negative dimension", [](Program& p) { p.states[0].shape = {-1, -1}; }},
        Breakage{"passes 2^63-1",
                 [](Program& p) { p.states[0].shape = {std::int64_t{1} << 40, 1 << 30}; }},
        Breakage{"state 'step' is empty", [](Program& p) { p.states[1].shape = {0}; }},
        Breakage{"state 'cache' appears twice", [](Program& p) { p.states[1].name = "cache"; }},
        Breakage{"has residency", [](Program& p) { p.states[1].residency = Residency::arena; }},
        Breakage{"'step' cannot grow", [](Program& p) { p.states[1].growable = true; }},
        Breakage{"entry 'decode' appears twice", [](Program& p) { p.entries[0].name = "decode"; }},
        Breakage{"output 'y' appears twice",
                 [](Program& p) { p.entries[1].outputs[1].name = "y"; }},
        Breakage{"input 2 of 2 is donated",
                 [](Program& p) { p.entries[1].donations[1].input = 2; }},
        Breakage{"input 1 of 2 is donated, or twice",
                 [](Program& p) { p.entries[1].donations[1].input = 1; }},
        Breakage{"output 2 of 2 lies in", [](Program& p) { p.entries[1].donations[0].output = 2; }},
        Breakage{"output 0 of 2 lies in an input, or in two",
                 [](Program& p) { p.entries[1].donations[1].output = 0; }},
        Breakage{"output 'z' does not fit into input 'x'",
                 [](Program& p) { p.entries[1].donations[1].output = 1; }},
        Breakage{"overlapping ranges",
                 [](Program& p) {
                   copy_of(p).source = {Space::input, 1, 0, 4};
                   copy_of(p).target = {Space::output, 0, 0, 4};
                 }},
        Breakage{"kernel 9 of 2", [](Program& p) { first_dispatch(p).kernel = 9; }},
        Breakage{"expected 2 arguments, got 1",
                 [](Program& p) { first_dispatch(p).arguments.pop_back(); }},
        Breakage{"expected 1 scalars, got 2",
                 [](Program& p) { first_dispatch(p).scalars.push_back(0); }},
        Breakage{"no workgroups", [](Program& p) { first_dispatch(p).workgroups[2] = 0; }},
        Breakage{"unknown access",
                 [](Program& p) { first_dispatch(p).arguments[0].access = Access(0); }},
        Breakage{"unknown buffer space",
                 [](Program& p) { first_dispatch(p).arguments[0].range.space = Space(17); }},
        Breakage{"buffer index 2 of 2",
                 [](Program& p) { first_dispatch(p).arguments[0].range.index = 2; }},
        Breakage{"range of 0 bytes",
                 [](Program& p) { first_dispatch(p).arguments[0].range.bytes = 0; }},
        Breakage{"of a buffer of 80",
                 [](Program& p) { first_dispatch(p).arguments[0].range.bytes = 17; }},
        Breakage{"of a buffer of 80",
                 [](Program& p) { first_dispatch(p).arguments[0].range.offset = kHuge - 4; }},
        Breakage{"writes to the named weight 'q'",
                 [](Program& p) { first_dispatch(p).arguments[0].access = Access::write; }},
        Breakage{"writes to a constant",
                 [](Program& p) { std::swap(copy_of(p).source, copy_of(p).target); }},
        Breakage{"copies 4 bytes into 3", [](Program& p) { copy_of(p).target.bytes = 3; }},
        Breakage{"overlapping ranges",
                 [](Program& p) { copy_of(p).source = {Space::arena, 0, 126, 4}; }}));

}  // namespace
}  // namespace ashlar
