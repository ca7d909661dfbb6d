// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/probe.h"

#include "runtime/executor/executor.h"
#include "tools/measure/peak_kernels.h"
#include "tools/measure/probe_programs.h"
#include "tools/measure/statistics.h"
#include "tools/measure/wake.h"

#include <algorithm>
#include <bit>

namespace ashlar {
namespace {

constexpr std::uint64_t kSmallestArray = 1 << 20;
constexpr std::uint64_t kSmallInputBytes = 1 << 16;
constexpr std::uint32_t kDispatches = 512;

std::uint64_t array_bytes_for(Device& device, std::uint64_t wanted) {
  if (wanted == 0)
    wanted = device.profile().is_cpu ? std::uint64_t{64} << 20 : std::uint64_t{1} << 30;
  // Two arrays and some room; single allocations may be limited further.
  const std::uint64_t fitting =
      std::min(device.memory().available(Residency::arena) / 3, device.physical().max_allocation);
  return std::max(std::bit_floor(std::min(wanted, fitting)), kSmallestArray);
}

// From the start of the first command to the end of the last.
double device_seconds(const ProfiledRun& run) {
  const CommandTime& last = run.commands.back();
  return (last.start + last.nanoseconds) * 1e-9;
}

class Probe {
public:
  Probe(Device& device, const ProbeOptions& options)
      : device_(device), runs_(std::max(options.runs, 1)) {
    limits_.device = device.profile().name;
    limits_.driver = device.profile().driver;
    limits_.date = today();
    limits_.array_bytes = array_bytes_for(device, options.array_bytes);
  }

  DeviceLimits run() {
    measure_bandwidths();
    measure_dispatches();
    for (PeakKernel& kernel : peak_kernels(device_.profile()))
      measure_peak(std::move(kernel));
    return limits_;
  }

private:
  double median_seconds(Executor& executor, std::uint32_t entry, std::span<const BufferView> inputs,
                        std::span<const BufferView> outputs) {
    std::vector<double> seconds;
    executor.profile(entry, inputs, outputs);
    for (int i = 0; i < runs_; ++i)
      seconds.push_back(device_seconds(executor.profile(entry, inputs, outputs)));
    return median(seconds);
  }

  void measure_bandwidths() {
    StateStore states(device_);
    Executor executor(device_, bandwidth_program(device_.profile(), limits_.array_bytes), states);
    const Buffer from(device_, limits_.array_bytes, Residency::arena, "probe read");
    const Buffer to(device_, limits_.array_bytes, Residency::arena, "probe written");
    const Buffer small(device_, kSmallInputBytes, Residency::arena, "probe small");
    const BufferView source{&from}, target{&to}, second{&small};
    executor.run_and_wait(executor.entry_index("fill"), {}, {&source, 1});
    executor.run_and_wait(executor.entry_index("fill"), {}, {&target, 1});
    wake(device_,
         [&] { executor.run_and_wait(executor.entry_index("copy"), {&source, 1}, {&target, 1}); });

    const double bytes = static_cast<double>(limits_.array_bytes);
    const double copied =
        median_seconds(executor, executor.entry_index("copy"), {&source, 1}, {&target, 1});
    limits_.copy_bandwidth = 2 * bytes / copied;
    const std::vector<Entry>& entries = executor.program().entries;
    for (std::uint32_t entry = 0; entry < entries.size(); ++entry) {
      if (!entries[entry].name.starts_with("read"))
        continue;
      const BufferView inputs[] = {source, second};
      const double seconds = median_seconds(
          executor, entry, std::span(inputs).first(entries[entry].inputs.size()), {&target, 1});
      if (bytes / seconds > limits_.read_bandwidth) {
        limits_.read_bandwidth = bytes / seconds;
        limits_.read_kernel = entries[entry].name.substr(sizeof("read, ") - 1);
      }
    }
  }

  double median_wall_seconds(Executor& executor, std::string_view entry) {
    const std::uint32_t index = executor.entry_index(entry);
    const auto once = [&] { executor.run_and_wait(index, {}, {}); };
    std::vector<double> seconds;
    once();
    for (int i = 0; i < 3 * runs_; ++i)
      seconds.push_back(seconds_of(once));
    return median(seconds);
  }

  void measure_dispatches() {
    StateStore states(device_);
    Executor executor(device_, dispatch_program(device_.profile(), kDispatches), states);
    wake(device_, [&] { executor.run_and_wait(executor.entry_index("dependent"), {}, {}); });
    limits_.submit = median_wall_seconds(executor, "single");
    const auto each = [&](std::string_view entry) {
      return std::max(median_wall_seconds(executor, entry) - limits_.submit, 0.0) /
             (kDispatches - 1);
    };
    limits_.dependent_dispatch = each("dependent");
    limits_.independent_dispatch = each("independent");
  }

  void measure_peak(PeakKernel kernel) {
    StateStore states(device_);
    Executor executor(device_, std::move(kernel.program), states);
    const Entry& entry = executor.program().entries.front();
    const ValueSpec& output = entry.outputs.front();
    const Buffer buffer(device_, byte_count(output.dtype, output.shape), Residency::arena, "peak");
    const BufferView view{&buffer};
    wake(device_, [&] { executor.run_and_wait(0, {}, {&view, 1}); });
    const double seconds = median_seconds(executor, 0, {}, {&view, 1});
    const auto operations = std::get<Dispatch>(entry.commands.front()).cost.flops;
    limits_.peaks.push_back({kernel.name, static_cast<double>(operations) / seconds});
  }

  Device& device_;
  int runs_;
  DeviceLimits limits_;
};

}  // namespace

DeviceLimits probe_device(Device& device, const ProbeOptions& options) {
  return Probe(device, options).run();
}

}  // namespace ashlar
