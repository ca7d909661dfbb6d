// SPDX-License-Identifier: Apache-2.0
// The probe measures every limit; its kernels compute what they are meant to.
#include "runtime/executor/executor.h"
#include "runtime/executor/hazard_checker.h"
#include "runtime/vulkan/transfers.h"
#include "tools/measure/peak_kernels.h"
#include "tools/measure/probe.h"
#include "tools/measure/probe_programs.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace ashlar {
namespace {

TEST(Probe, MeasuresEveryLimit) {
  Device device;
  const DeviceLimits limits = probe_device(device, {.array_bytes = 3 << 20, .runs = 1});
  EXPECT_EQ(limits.array_bytes, 2u << 20);
  EXPECT_EQ(limits.device, device.profile().name);
  EXPECT_GT(limits.read_bandwidth, 0);
  EXPECT_FALSE(limits.read_kernel.empty());
  EXPECT_GT(limits.copy_bandwidth, 0);
  EXPECT_GT(limits.submit, 0);
  EXPECT_GE(limits.dependent_dispatch, 0);
  ASSERT_FALSE(limits.peaks.empty());
  EXPECT_EQ(limits.peaks.front().name, "f32 fma");
  EXPECT_GT(limits.best_peak(), 0);
  const nlohmann::json json = to_json(limits);
  for (const char* key :
       {"device", "driver", "date", "array_bytes", "read_bytes_per_second", "copy_bytes_per_second",
        "operations_per_second", "dependent_dispatch_us", "independent_dispatch_us", "submit_us"})
    EXPECT_TRUE(json.contains(key)) << key;
}

TEST(Probe, ReadsWholeArraysOnEveryProfile) {
  constexpr std::uint64_t kBytes = 1 << 20;
  for (const std::string& name : profile_fixture_names()) {
    const Program program = bandwidth_program(*find_profile_fixture(name), kBytes);
    int readers = 0;
    for (const Entry& entry : program.entries) {
      if (!entry.name.starts_with("read"))
        continue;
      ++readers;
      std::uint64_t read = 0;
      for (const Command& command : entry.commands)
        if (const auto* dispatch = std::get_if<Dispatch>(&command))
          read = std::max(read, dispatch->cost.bytes_read);
      EXPECT_GE(read, kBytes) << name << ": " << entry.name;
      EXPECT_LE(read, kBytes + kBytes / 16) << name << ": " << entry.name;
    }
    EXPECT_GE(readers, 4) << name;
  }
}

// Each slot of "dependent" is its predecessor plus one: no dispatch was lost or reordered.
TEST(Probe, DependentDispatchesDependOnEachOther) {
  const Program program = dispatch_program(*find_profile_fixture("lavapipe"), 8);
  const auto count = [&](std::size_t entry, std::size_t kind) {
    return std::ranges::count_if(program.entries[entry].commands,
                                 [&](const Command& c) { return c.index() == kind; });
  };
  EXPECT_EQ(count(1, 0), 8);  // dispatches
  EXPECT_EQ(count(1, 2), 7);  // barriers
  EXPECT_EQ(count(2, 0), 8);
  EXPECT_EQ(count(2, 2), 0);
  const auto& first = std::get<Dispatch>(program.entries[1].commands[0]);
  const auto& second = std::get<Dispatch>(program.entries[1].commands[2]);
  EXPECT_EQ(first.arguments[1].range, second.arguments[0].range);
  EXPECT_NO_THROW(require_no_hazards(program));
}

TEST(PeakKernels, CompileForEveryProfile) {
  for (const std::string& name : profile_fixture_names()) {
    const DeviceProfile profile = *find_profile_fixture(name);
    const std::vector<PeakKernel> kernels = peak_kernels(profile);
    EXPECT_EQ(kernels.size(), profile.cooperative_matrices.empty() ? 1u : 2u) << name;
    for (const PeakKernel& kernel : kernels)
      EXPECT_NO_THROW(verify(kernel.program)) << name << ": " << kernel.name;
  }
}

// Workgroup 0 starts from zero and stays there; chain i of workgroup 1 tends to 1 / (1 - (i+1)/10).
TEST(PeakKernels, TheChainsOfF32AreRun) {
  Device device;
  const PeakKernel kernel = std::move(peak_kernels(device.profile()).front());
  const ValueSpec output = kernel.program.entries.front().outputs.front();
  const std::uint32_t threads = kernel.program.kernels.front().workgroup_size[0];
  StateStore states(device);
  Executor executor(device, kernel.program, states);
  const Buffer buffer(device, byte_count(output.dtype, output.shape), Residency::arena, "out");
  const BufferView view{&buffer};
  executor.run_and_wait(0, {}, {&view, 1});
  std::vector<float> values(2 * threads);
  device.transfers().read(buffer, 0, std::as_writable_bytes(std::span(values)));
  float expected = 0;
  for (int i = 1; i <= 8; ++i)
    expected += 4 / (1 - 0.1f * static_cast<float>(i));
  EXPECT_EQ(values[0], 0);
  EXPECT_NEAR(values[threads], expected, 1e-3);
  EXPECT_EQ(values[threads], values[2 * threads - 1]);
}

}  // namespace
}  // namespace ashlar
