// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/peak_kernels.h"

#include "codegen/kernel_text.h"
#include "ir/matrix_schedules.h"

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

// Packets of workgroup memory: four operands on the left and two on the right take 32 each; at the
// end, the sums of each subgroup take 64.
constexpr std::uint32_t kSubgroups = 4, kPackets = 256;

// Fills workgroup memory with numbers whose size lies in [0.5, 1).
std::string fill_packets(DType dtype, std::uint32_t threads) {
  const bool is_f16 = dtype == DType::f16;
  std::string text =
      fmt::format(R"(  %memory = memref.alloc() : {0}
  %number = arith.index_cast %thread : index to i32
  %prime = arith.constant 1640531527 : i32
  %mixed = arith.muli %number, %prime : i32
  %words = vector.broadcast %mixed : i32 to vector<4xi32>
  %odd = arith.constant dense<[1, 3, 5, 7]> : vector<4xi32>
  %varied = arith.muli %words, %odd : vector<4xi32>
  %mask = arith.constant dense<{1}> : vector<4xi32>
  %exponent = arith.constant dense<{2}> : vector<4xi32>
  %kept = arith.andi %varied, %mask : vector<4xi32>
  %packet = arith.ori %kept, %exponent : vector<4xi32>
)",
                  "memref<256xvector<4xi32>, #shared>", is_f16 ? "0x83FF83FF" : "0x807F807F",
                  is_f16 ? "0x38003800" : "0x3F003F00");
  for (std::uint32_t first = 0; first < kPackets; first += threads)
    text +=
        fmt::format("  %f{0} = arith.constant {0} : index\n"
                    "  %p{0} = arith.addi %thread, %f{0} : index\n"
                    "  memref.store %packet, %memory[%p{0}] : memref<256xvector<4xi32>, #shared>\n",
                    first);
  return text + "  gpu.barrier\n";
}

std::string load_operand(const std::string& name, int place, const std::string& columns,
                         const std::string& type) {
  return fmt::format("  %at_{0} = arith.constant {1} : index\n"
                     "  %{0} = kernel.matrix_load %memory[%at_{0}] stride 2 {2} : "
                     "memref<256xvector<4xi32>, #shared> -> {3}\n",
                     name, place * 32, columns, type);
}

// Subgroup by subgroup into workgroup memory, and one number of each thread from there.
std::string store_sums(const std::string& value, const std::string& type, std::uint32_t subgroup) {
  return fmt::format(R"(  gpu.barrier
  %lanes = arith.constant {0} : index
  %subgroup = arith.divui %thread, %lanes : index
  %sixty_four = arith.constant 64 : index
  %place = arith.muli %subgroup, %sixty_four : index
  kernel.matrix_store {1}, %memory[%place] stride 4 : {2}, memref<256xvector<4xi32>, #shared>
  gpu.barrier
  %last = memref.load %memory[%thread] : memref<256xvector<4xi32>, #shared>
  %word = vector.extract %last[0] : i32 from vector<4xi32>
  %result = arith.bitcast %word : i32 to f32
  memref.store %result, %out[%slot] : memref<?xf32, #device>)",
                     subgroup, value, type);
}

// Every product of four left and two right operands, summed up in registers.
PeakKernel matrix_peak(DType dtype, const DeviceProfile& profile) {
  const std::uint32_t threads = kSubgroups * profile.subgroup_size;
  const Amount amount = amount_for(profile);
  const auto type = [](std::string_view element, std::string_view use) {
    return fmt::format("!spirv.coopmatrix<16x16x{}, Subgroup, {}>", element, use);
  };
  const std::string left = type(name_of(dtype), "MatrixA"), right = type(name_of(dtype), "MatrixB"),
                    sums = type("f32", "MatrixAcc");
  std::string body = fill_packets(dtype, threads);
  for (int i = 0; i < kChains / 2; ++i)
    body += load_operand(fmt::format("left{}", i), i, "", left);
  for (int i = 0; i < 2; ++i)
    body += load_operand(fmt::format("right{}", i), kChains / 2 + i, "columns", right);
  body += fmt::format("  %z = arith.constant 0.0 : f32\n"
                      "  %zero = spirv.CompositeConstruct %z : (f32) -> {}\n",
                      sums);
  body += chain_loop(
      amount.iterations, sums, [](int) { return "%zero"; },
      [&](int i, const std::string& now, const std::string& next) {
        return fmt::format("    {} = spirv.KHR.CooperativeMatrixMulAdd %left{}, %right{}, {} : {}, "
                           "{} -> {}",
                           next, i / 2, i % 2, now, left, right, sums);
      });
  body += sum_of_chains([&](const std::string& a, const std::string& b) {
    return fmt::format("spirv.FAdd {}, {} : {}", a, b, sums);
  });
  body += store_sums(fmt::format("%s{}", kChains - 1), sums, profile.subgroup_size);
  const double operations =
      2.0 * 16 * 16 * 16 * kChains * amount.iterations * kSubgroups * amount.workgroups;
  return peak_kernel(fmt::format("{} matrix", name_of(dtype)),
                     peak_module(threads, profile.subgroup_size, body), threads, amount.workgroups,
                     operations, profile);
}

}  // namespace

std::vector<PeakKernel> peak_kernels(const DeviceProfile& profile) {
  std::vector<PeakKernel> kernels{f32_peak(profile)};
  for (DType dtype : {DType::f16, DType::bf16})
    if (kernel::has_cooperative_matrices(profile, dtype))
      kernels.push_back(matrix_peak(dtype, profile));
  return kernels;
}

}  // namespace ashlar
