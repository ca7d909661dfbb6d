// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/peak_kernels.h"

#include "codegen/kernel_text.h"

#include <fmt/format.h>

#include <functional>

namespace ashlar {
namespace {

// Chains of dependent operations that run side by side in one invocation or subgroup: enough to
// hide the latency of each.
constexpr int kChains = 8;

struct Amount {
  std::uint32_t workgroups, iterations;
};

Amount amount_for(const DeviceProfile& profile) {
  return profile.is_cpu ? Amount{64, 512} : Amount{2048, 2048};
}

// `text` of chain 0, 1, ... with a separator between.
std::string for_each_chain(std::string_view separator,
                           const std::function<std::string(int)>& text) {
  std::string result;
  for (int i = 0; i < kChains; ++i)
    result += fmt::format("{}{}", i == 0 ? "" : separator, text(i));
  return result;
}

// Chain values %r#0.. reduced to %s7 by `add` of two values.
std::string sum_of_chains(const std::function<std::string(std::string, std::string)>& add) {
  std::string text;
  for (int i = 1; i < kChains; ++i)
    text += fmt::format("  %s{} = {}\n", i,
                        add(i == 1 ? "%r#0" : fmt::format("%s{}", i - 1), fmt::format("%r#{}", i)));
  return text;
}

// A loop that carries every chain through `step` of its present and next name.
std::string chain_loop(std::uint32_t iterations, const std::string& type,
                       const std::function<std::string(int)>& start,
                       const std::function<std::string(int, std::string, std::string)>& step) {
  return fmt::format(
      R"(  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant {0} : index
  %r:{1} = scf.for %i = %c0 to %n step %c1 iter_args({2}) -> ({3}) {{
{4}
    scf.yield {5} : {3}
  }}
)",
      iterations, kChains,
      for_each_chain(", ", [&](int i) { return fmt::format("%a{} = {}", i, start(i)); }),
      for_each_chain(", ", [&](int) { return type; }),
      for_each_chain(
          "\n", [&](int i) { return step(i, fmt::format("%a{}", i), fmt::format("%b{}", i)); }),
      for_each_chain(", ", [&](int i) { return fmt::format("%b{}", i); }));
}

// A kernel @peak over buffer 0, f32, with %thread and %slot (of the thread among all).
std::string peak_module(std::uint32_t threads, std::uint32_t subgroup, const std::string& body) {
  return fmt::format(
      R"(#device = #spirv.storage_class<PhysicalStorageBuffer>
#shared = #spirv.storage_class<Workgroup>
gpu.module @peak {{
 gpu.func @peak() kernel attributes {{spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [{0}, 1, 1]{1}>}} {{
  %out = kernel.buffer 0 : memref<?xf32, #device>
  %thread = gpu.thread_id x
  %block = gpu.block_id x
  %threads = arith.constant {0} : index
  %first = arith.muli %block, %threads : index
  %slot = arith.addi %first, %thread : index
  %block32 = arith.index_cast %block : index to i32
  %seed = arith.sitofp %block32 : i32 to f32
{2}
  gpu.return
 }}
}}
)",
      threads, subgroup ? fmt::format(", subgroup_size = {}", subgroup) : "", body);
}

PeakKernel peak_kernel(const std::string& name, const std::string& text, std::uint32_t threads,
                       std::uint32_t workgroups, double operations, const DeviceProfile& profile) {
  Program program;
  Kernel& kernel = program.kernels.emplace_back(codegen::compile_kernel_text(text, profile));
  kernel.argument_count = 1;
  const std::int64_t slots = std::int64_t{threads} * workgroups;
  const std::uint64_t bytes = static_cast<std::uint64_t>(slots) * sizeof(float);
  const Dispatch dispatch{.kernel = 0,
                          .arguments = {{{Space::output, 0, 0, bytes}, Access::write}},
                          .scalars = {},
                          .workgroups = {workgroups, 1, 1},
                          .label = name,
                          .cost = {0, bytes, static_cast<std::uint64_t>(operations)}};
  program.entries.push_back(
      {"run", {}, {{"out", DType::f32, Shape{slots}}}, 0, {Command{dispatch}}});
  return {name, std::move(program)};
}

PeakKernel f32_peak(const DeviceProfile& profile) {
  const std::uint32_t threads = profile.is_cpu ? 64 : 256;
  const Amount amount = amount_for(profile);
  const std::string type = "vector<4xf32>";
  std::string body = fmt::format("  %v = vector.broadcast %seed : f32 to {}\n", type);
  // Different factors, or equal chains would be merged.
  for (int i = 0; i < kChains; ++i)
    body += fmt::format("  %k{} = arith.constant dense<0.{}> : {}\n", i, i + 1, type);
  body += chain_loop(
      amount.iterations, type, [](int) { return "%v"; },
      [&](int i, const std::string& now, const std::string& next) {
        return fmt::format("    %m{0} = math.fma {1}, %k{0}, %v : {3}\n"
                           "    {2} = math.fma %m{0}, %k{0}, %v : {3}",
                           i, now, next, type);
      });
  body += sum_of_chains([&](const std::string& a, const std::string& b) {
    return fmt::format("arith.addf {}, {} : {}", a, b, type);
  });
  body += fmt::format("  %sum = vector.reduction <add>, %s{} : {} into f32\n"
                      "  memref.store %sum, %out[%slot] : memref<?xf32, #device>",
                      kChains - 1, type);
  const double operations = 2.0 * 2 * 4 * kChains * amount.iterations * threads * amount.workgroups;
  return peak_kernel("f32 fma", peak_module(threads, 0, body), threads, amount.workgroups,
                     operations, profile);
}

// Operands filled with one value each, so that no load is measured.
PeakKernel f16_matrix_peak(const CooperativeMatrixShape& shape, const DeviceProfile& profile) {
  constexpr std::uint32_t kSubgroups = 4;
  const std::uint32_t threads = kSubgroups * profile.subgroup_size;
  const Amount amount = amount_for(profile);
  const std::string left = fmt::format("!gpu.mma_matrix<{}x{}xf16, \"AOp\">", shape.m, shape.k);
  const std::string right = fmt::format("!gpu.mma_matrix<{}x{}xf16, \"BOp\">", shape.k, shape.n);
  const std::string sums = fmt::format("!gpu.mma_matrix<{}x{}xf32, \"COp\">", shape.m, shape.n);
  std::string body = "  %half = arith.truncf %seed : f32 to f16\n";
  body += fmt::format("  %right = gpu.subgroup_mma_constant_matrix %half : {}\n", right);
  for (int i = 0; i < kChains; ++i)
    body += fmt::format("  %f{0} = arith.constant 0.{1} : f16\n"
                        "  %h{0} = arith.mulf %half, %f{0} : f16\n"
                        "  %left{0} = gpu.subgroup_mma_constant_matrix %h{0} : {2}\n",
                        i, i + 1, left);
  body += fmt::format("  %z = arith.constant 0.0 : f32\n"
                      "  %zero = gpu.subgroup_mma_constant_matrix %z : {}\n",
                      sums);
  body += chain_loop(
      amount.iterations, sums, [](int) { return "%zero"; },
      [&](int i, const std::string& now, const std::string& next) {
        return fmt::format("    {} = gpu.subgroup_mma_compute %left{}, %right, {} : {}, {} -> {}",
                           next, i, now, left, right, sums);
      });
  body += sum_of_chains([&](const std::string& a, const std::string& b) {
    return fmt::format("gpu.subgroup_mma_elementwise addf {0}, {1} : ({2}, {2}) -> {2}", a, b,
                       sums);
  });
  body += fmt::format(R"(  %staged = memref.alloc() : memref<{0}xf32, #shared>
  gpu.subgroup_mma_store_matrix %s{1}, %staged[%c0] {{leadDimension = {2} : index}} : {3}, memref<{0}xf32, #shared>
  gpu.barrier
  %value = memref.load %staged[%thread] : memref<{0}xf32, #shared>
  memref.store %value, %out[%slot] : memref<?xf32, #device>)",
                      std::max(shape.m * shape.n, threads), kChains - 1, shape.n, sums);
  const double operations = 2.0 * shape.m * shape.n * shape.k * kChains * amount.iterations *
                            kSubgroups * amount.workgroups;
  return peak_kernel(fmt::format("f16 matrix {}x{}x{}", shape.m, shape.n, shape.k),
                     peak_module(threads, profile.subgroup_size, body), threads, amount.workgroups,
                     operations, profile);
}

const CooperativeMatrixShape* largest_f16_shape(const DeviceProfile& profile) {
  const CooperativeMatrixShape* largest = nullptr;
  for (const CooperativeMatrixShape& shape : profile.cooperative_matrices)
    if (shape.a == "f16" && shape.b == "f16" && shape.c == "f32" &&
        (!largest || shape.m * shape.n * shape.k > largest->m * largest->n * largest->k))
      largest = &shape;
  return largest;
}

}  // namespace

std::vector<PeakKernel> peak_kernels(const DeviceProfile& profile) {
  std::vector<PeakKernel> kernels{f32_peak(profile)};
  if (const CooperativeMatrixShape* shape = largest_f16_shape(profile))
    kernels.push_back(f16_matrix_peak(*shape, profile));
  return kernels;
}

}  // namespace ashlar
