// SPDX-License-Identifier: Apache-2.0
// Compiles one kernel (a .mlir file with a kernel.def, or a gpu.module in kernel IR), validates its
// SPIR-V, runs it on the default Vulkan device and prints its buffers. For example
//   ashlar-kernel-run scale.mlir --buffer f32:8=iota --buffer f32:8=zero --scalar 8 --print 1
//   ashlar-kernel-run softmax.mlir --fill random:7
//   ashlar-kernel-run matvec.mlir --print 2 --time 100
//   ashlar-kernel-run product.mlir --schedule "matmul, tile_m=64, tile_n=64, workgroup=256" --time
//   9
#include "runtime/executor/executor.h"
#include "runtime/program/error.h"
#include "runtime/vulkan/device.h"
#include "tools/ashlar-kernel-run/buffer_spec.h"
#include "tools/ashlar-kernel-run/kernel_file.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>

namespace ashlar {
namespace {

struct Options {
  std::string file;
  std::string profile;  // lower for this one without running; empty: the device's own
  std::vector<std::string> buffers;
  std::vector<std::string> fills;
  std::vector<std::uint32_t> scalars;
  std::vector<std::uint32_t> workgroups;
  std::vector<std::size_t> print;
  std::uint32_t time = 0;  // dispatches to time; 0: none
  std::string spirv;
  std::string schedule;
};

Options parse_command_line(int argc, char** argv) {
  Options options;
  CLI::App app("Compiles one kernel to SPIR-V and runs it");
  app.add_option("file", options.file, "A .mlir file with one kernel")->required();
  app.add_option("--profile", options.profile, "Compile for this profile, without running");
  app.add_option("--buffer", options.buffers,
                 "DTYPE:COUNT=zero|iota|random:SEED|values:A,B|file:PATH, one per buffer");
  app.add_option("--fill", options.fills,
                 "Contents of a kernel.def's inputs, as in --buffer; random without it");
  app.add_option("--scalar", options.scalars, "Scalar arguments");
  app.add_option("--workgroups", options.workgroups, "Workgroups in x, y and z")->expected(1, 3);
  app.add_option("--print", options.print, "Buffers to print; all without it");
  app.add_option("--time", options.time, "Then run it so many times more, print the mean");
  app.add_option("--spirv", options.spirv, "Write the module's words to this file");
  app.add_option("--schedule", options.schedule,
                 "EMITTER, NAME=NUMBER, ... instead of a kernel.def's own schedule");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

void write_words(const std::string& path, const std::vector<std::uint32_t>& words) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(words.data()),
             static_cast<std::streamsize>(words.size() * sizeof(std::uint32_t)));
  if (!file.flush())
    throw IoError("kernel-run", "cannot write '{}'", path);
}

std::string state_name(std::size_t index) {
  return fmt::format("buffer {}", index);
}

// From --buffer, or of the types that a kernel.def declares.
std::vector<BufferContents> make_buffers(const KernelFile& file, const Options& options) {
  std::vector<BufferContents> buffers;
  for (const std::string& spec : options.buffers)
    buffers.push_back(parse_buffer_spec(spec));
  if (!buffers.empty())
    return buffers;
  for (std::size_t i = 0; i < file.buffers.size(); ++i) {
    if (!file.buffers[i].count)
      throw InvalidArgument("kernel-run", "buffer {} has dynamic rows: use --buffer", i);
    std::string fill = i < file.inputs ? fmt::format("random:{}", i) : "zero";
    if (i < file.inputs && i < options.fills.size())
      fill = options.fills[i];
    buffers.push_back(fill_buffer(file.buffers[i].dtype, *file.buffers[i].count, fill));
  }
  return buffers;
}

// A program of one dispatch whose arguments are states, which hosts can both write and read.
Program single_dispatch(KernelFile file, const Options& options,
                        const std::vector<BufferContents>& buffers) {
  std::array<std::uint32_t, 3> workgroups = file.workgroups.value_or(std::array{1u, 1u, 1u});
  std::ranges::copy(options.workgroups, workgroups.begin());
  Program program;
  Dispatch dispatch{.kernel = 0,
                    .arguments = {},
                    .scalars = options.scalars,
                    .workgroups = workgroups,
                    .label = file.kernel.name,
                    .cost = file.cost};
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    program.states.push_back(
        {state_name(i), buffers[i].dtype, Shape{buffers[i].count}, false, Residency::state});
    dispatch.arguments.push_back(
        {{Space::state, static_cast<std::uint32_t>(i), 0, buffers[i].bytes.size()},
         Access::read_write});
  }
  file.kernel.argument_count = static_cast<std::uint32_t>(buffers.size());
  file.kernel.scalar_count = static_cast<std::uint32_t>(options.scalars.size());
  program.kernels.push_back(std::move(file.kernel));
  program.entries.push_back({"run", {}, {}, 0, {std::move(dispatch)}});
  return program;
}

// The mean over dispatches of one submit, with the bandwidth if every buffer moves once.
void print_time(Executor& executor, const std::vector<BufferContents>& buffers, const Cost& cost,
                std::uint32_t dispatches) {
  double bytes = 0;
  for (const BufferContents& buffer : buffers)
    bytes += static_cast<double>(buffer.bytes.size());
  const auto start = std::chrono::steady_clock::now();
  executor.run_and_wait(0, {}, {}, dispatches);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const double each = seconds.count() / dispatches;
  fmt::print("{:.1f} us per dispatch, {:.2f} GB/s, {:.3f} TFLOP/s\n", each * 1e6,
             bytes / each * 1e-9, static_cast<double>(cost.flops) / each * 1e-12);
}

void run(Device& device, KernelFile file, const Options& options) {
  std::vector<BufferContents> buffers = make_buffers(file, options);
  const Cost cost = file.cost;
  StateStore states(device);
  Executor executor(device, single_dispatch(std::move(file), options, buffers), states);
  for (std::size_t i = 0; i < buffers.size(); ++i)
    states.write(state_name(i), 0, buffers[i].bytes);
  executor.run_and_wait(0, {}, {});
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (!options.print.empty() && std::ranges::find(options.print, i) == options.print.end())
      continue;
    states.read(state_name(i), 0, buffers[i].bytes);
    fmt::print("{} {}\n", state_name(i), to_string(buffers[i]));
  }
  if (options.time != 0)
    print_time(executor, buffers, cost, options.time);
}

void run_tool(const Options& options) {
  std::optional<Device> device;
  std::optional<DeviceProfile> profile;
  if (options.profile.empty())
    profile = device.emplace().profile();
  else
    profile = find_profile_fixture(options.profile);
  if (!profile)
    throw InvalidArgument("kernel-run", "no device profile '{}'", options.profile);
  KernelFile file = load_kernel(options.file, *profile, options.schedule);
  if (!options.spirv.empty())
    write_words(options.spirv, file.kernel.spirv);
  if (device)
    run(*device, std::move(file), options);
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  try {
    ashlar::run_tool(ashlar::parse_command_line(argc, argv));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
