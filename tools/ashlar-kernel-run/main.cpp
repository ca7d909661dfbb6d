// SPDX-License-Identifier: Apache-2.0
// Lowers one kernel (a .mlir file with one gpu.module in kernel IR), checks its SPIR-V, runs it on
// the default Vulkan device and prints its buffers. For example
//   ashlar-kernel-run scale.mlir --buffer f32:8=iota --buffer f32:8=zero --scalar 8 --print 1
#include "codegen/diagnostics.h"
#include "codegen/passes.h"
#include "codegen/pipeline.h"
#include "codegen/validate_spirv.h"
#include "ir/ashlar_dialect.h"
#include "runtime/executor/executor.h"
#include "runtime/program/error.h"
#include "runtime/vulkan/device.h"
#include "tools/ashlar-kernel-run/buffer_spec.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Parser/Parser.h"
#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <fstream>
#include <set>

namespace ashlar {
namespace {

struct Options {
  std::string file;
  std::string profile;  // empty: the device's own
  std::vector<std::string> buffers;
  std::vector<std::uint32_t> scalars;
  std::vector<std::uint32_t> workgroups = {1, 1, 1};
  std::vector<std::size_t> print;
  std::string spirv;
  bool run = true;
};

Options parse_command_line(int argc, char** argv) {
  Options options;
  CLI::App app("Lowers one kernel to SPIR-V and runs it");
  app.add_option("file", options.file, "Kernel IR")->required();
  app.add_option("--profile", options.profile, "Lower for this device profile, without running");
  app.add_option("--buffer", options.buffers,
                 "DTYPE:COUNT=zero|iota|random:SEED|values:A,B|file:PATH");
  app.add_option("--scalar", options.scalars, "Scalar arguments");
  app.add_option("--workgroups", options.workgroups, "Workgroups in x, y and z")->expected(1, 3);
  app.add_option("--print", options.print, "Buffers to print; all without it");
  app.add_option("--spirv", options.spirv, "Write the module's words to this file");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  options.workgroups.resize(3, 1);
  options.run = options.profile.empty();
  return options;
}

// Everything of the kernel but its SPIR-V.
Kernel describe(mlir::ModuleOp module, const Options& options) {
  mlir::gpu::GPUFuncOp function;
  module.walk([&](mlir::gpu::GPUFuncOp op) { function = op; });
  auto abi = function ? function->getAttrOfType<mlir::spirv::EntryPointABIAttr>(
                            mlir::spirv::getEntryPointABIAttrName())
                      : nullptr;
  if (!abi || !abi.getWorkgroupSize())
    throw InvalidArgument("kernel-run", "'{}' holds no gpu.func with spirv.entry_point_abi",
                          options.file);
  Kernel kernel;
  kernel.name = function.getName().str();
  kernel.workgroup_size = {1, 1, 1};
  for (auto [axis, size] : llvm::enumerate(abi.getWorkgroupSize().asArrayRef().take_front(3)))
    kernel.workgroup_size[axis] = static_cast<std::uint32_t>(size);
  kernel.subgroup_size = static_cast<std::uint32_t>(abi.getSubgroupSize().value_or(0));
  kernel.argument_count = static_cast<std::uint32_t>(options.buffers.size());
  kernel.scalar_count = static_cast<std::uint32_t>(options.scalars.size());
  return kernel;
}

Kernel build_kernel(const Options& options, const DeviceProfile& profile) {
  mlir::DialectRegistry registry;
  ir::register_dialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  codegen::DiagnosticCollector diagnostics(&context);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(options.file, &context);
  if (!module)
    diagnostics.raise("kernel-run", "cannot read the kernel");
  Kernel kernel = describe(*module, options);
  kernel.spirv = codegen::lower_kernel(*module, profile);
  if (std::string errors = codegen::spirv_errors(kernel.spirv); !errors.empty())
    throw Error("kernel-run", "invalid SPIR-V: {}", errors);
  return kernel;
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

// A program of one dispatch whose arguments are states, which hosts can both write and read.
Program single_dispatch(Kernel kernel, const Options& options,
                        const std::vector<BufferContents>& buffers) {
  Program program;
  Dispatch dispatch{.kernel = 0,
                    .arguments = {},
                    .scalars = options.scalars,
                    .workgroups = {},
                    .label = kernel.name,
                    .cost = {}};
  std::copy_n(options.workgroups.begin(), 3, dispatch.workgroups.begin());
  for (const auto& [index, buffer] : llvm::enumerate(buffers)) {
    program.states.push_back(
        {state_name(index), buffer.dtype, Shape{buffer.count}, false, Residency::state});
    dispatch.arguments.push_back(
        {{Space::state, static_cast<std::uint32_t>(index), 0, buffer.bytes.size()},
         Access::read_write});
  }
  program.kernels.push_back(std::move(kernel));
  program.entries.push_back({"run", {}, {}, 0, {std::move(dispatch)}});
  return program;
}

void run(Device& device, Kernel kernel, const Options& options) {
  std::vector<BufferContents> buffers;
  for (const std::string& spec : options.buffers)
    buffers.push_back(parse_buffer_spec(spec));
  StateStore states(device);
  Executor executor(device, single_dispatch(std::move(kernel), options, buffers), states);
  for (const auto& [index, buffer] : llvm::enumerate(buffers))
    states.write(state_name(index), 0, buffer.bytes);
  executor.run_and_wait(0, {}, {});
  for (auto [index, buffer] : llvm::enumerate(buffers)) {
    if (!options.print.empty() && llvm::find(options.print, index) == options.print.end())
      continue;
    states.read(state_name(index), 0, buffer.bytes);
    fmt::print("{} {}\n", state_name(index), to_string(buffer));
  }
}

void run_tool(const Options& options) {
  std::optional<Device> device;
  std::optional<DeviceProfile> profile;
  if (options.run)
    profile = device.emplace().profile();
  else
    profile = find_profile_fixture(options.profile);
  if (!profile)
    throw InvalidArgument("kernel-run", "no device profile '{}'", options.profile);
  Kernel kernel = build_kernel(options, *profile);
  if (!options.spirv.empty())
    write_words(options.spirv, kernel.spirv);
  if (options.run)
    run(*device, std::move(kernel), options);
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
