// SPDX-License-Identifier: Apache-2.0
#include "codegen/compile.h"

#include "codegen/build_id.h"
#include "codegen/diagnostics.h"
#include "codegen/kernel_compiler.h"
#include "codegen/shader_cache.h"
#include "codegen/spirv_words.h"
#include "codegen/translate_plan.h"
#include "codegen/tuning_files.h"
#include "ir/schedule_candidates.h"
#include "passes/pipeline.h"
#include "runtime/program/error.h"
#include "runtime/program/program_file.h"

#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

using namespace mlir;

namespace ashlar {
namespace {

// Kernels that are lowered together: enough for every thread, few enough to show progress.
constexpr std::size_t kBatch = 64;

std::string text_of(ModuleOp module, bool locations) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, OpPrintingFlags().enableDebugInfo(locations, /*prettyForm=*/false));
  return text;
}

// The level between two passes of one pipeline.
class KernelLevelObserver final : public PassInstrumentation {
public:
  explicit KernelLevelObserver(const CompileOptions& options) : options_(options) {}

  void runAfterPass(Pass* pass, Operation* op) override {
    if (pass->getArgument() != "ashlar-outline-kernels")
      return;
    if (auto module = dyn_cast<ModuleOp>(op))
      options_.on_stage(Stage::kernels, text_of(module, false));
  }

private:
  const CompileOptions& options_;
};

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw IoError("compile", "cannot create the folder '{}': {}", folder.native(), error.message());
}

ScheduleLookup schedules_of(const CompileOptions& options) {
  return [&options](std::string_view entry, std::string_view kernel) -> const ScheduleChoice* {
    if (options.schedules)
      if (const ScheduleChoice* choice = options.schedules(entry, kernel))
        return choice;
    const auto tuned = options.tuning->kernels.find(std::string(kernel));
    return tuned == options.tuning->kernels.end() ? nullptr : &tuned->second.schedule;
  };
}

void report_kernels(ArrayRef<kernel::DefOp> defs, const DeviceProfile& profile,
                    const CompileOptions& options) {
  for (kernel::DefOp def : defs) {
    const kernel::RegionView region = kernel::view_of(def);
    KernelSchedule report{.kernel = def.getSymName().str(),
                          .key = kernel::kernel_key(region),
                          .schedule = kernel::choice_of(def.getSchedule()),
                          .candidates = {}};
    for (kernel::ScheduleAttr candidate : kernel::candidate_schedules(region, profile))
      report.candidates.push_back(kernel::choice_of(candidate));
    options.on_kernel(report);
  }
}

LogicalResult run_passes(ModuleOp module, const DeviceProfile& profile,
                         const CompileOptions& options) {
  MLIRContext* context = module.getContext();
  PassManager passes(context, ModuleOp::getOperationName());
  if (!options.dump_folder.empty()) {
    make_folder(options.dump_folder);
    // Printing whole modules from nested passes needs one thread.
    context->disableMultithreading();
    passes.enableIRPrintingToFileTree([](Pass*, Operation*) { return false; },
                                      [](Pass*, Operation*) { return true; },
                                      /*printModuleScope=*/true, /*printAfterOnlyOnChange=*/false,
                                      /*printAfterOnlyOnFailure=*/false, options.dump_folder);
  }
  if (options.on_stage)
    passes.addInstrumentation(std::make_unique<KernelLevelObserver>(options));
  build_pipeline(passes, {.profile = profile,
                          .fusion = !options.debug.no_fusion,
                          .alias = !options.debug.no_alias,
                          .full_barriers = options.debug.full_barriers,
                          .kv_length = options.kv_length,
                          .schedules = schedules_of(options),
                          .dynamic_extents = options.dynamic_extents});
  return passes.run(module);
}

codegen::KernelText stage_callback(const CompileOptions& options, Stage stage) {
  if (!options.on_stage)
    return {};
  return [&options, stage](std::string_view text) { options.on_stage(stage, text); };
}

// What decides the program: the array IR with its locations (they become labels), the device, the
// compiler and those options that change code.
std::string program_key(ModuleOp module, const DeviceProfile& profile,
                        const CompileOptions& options) {
  return fmt::format("program\n{}\n{}\nfusion={} alias={} barriers={} kv={} dynamic={}\n{}\n{}",
                     codegen::build_id(), to_string(profile), !options.debug.no_fusion,
                     !options.debug.no_alias, options.debug.full_barriers, options.kv_length,
                     options.dynamic_extents, to_text(*options.tuning), text_of(module, true));
}

std::optional<Program> find_program(codegen::ShaderCache& cache, std::string_view key) {
  auto bytes = cache.find(key);
  if (!bytes)
    return std::nullopt;
  try {
    return parse_program(*bytes, "compile cache");
  } catch (const FormatError&) {
    return std::nullopt;
  }
}

Program compile_uncached(ModuleOp module, const DeviceProfile& profile,
                         const CompileOptions& options, codegen::ShaderCache* cache) {
  if (options.on_stage)
    options.on_stage(Stage::arrays, text_of(module, false));
  {
    codegen::DiagnosticCollector diagnostics(module.getContext());
    if (failed(run_passes(module, profile, options)))
      diagnostics.raise("compile", "cannot plan the program");
  }
  if (options.on_stage)
    options.on_stage(Stage::plan, text_of(module, false));

  const codegen::KernelCompiler compiler(profile, cache, stage_callback(options, Stage::kernel_ir),
                                         stage_callback(options, Stage::spirv));
  const auto defs = llvm::to_vector(module.getOps<kernel::DefOp>());
  if (options.on_kernel)
    report_kernels(defs, profile, options);
  std::vector<Kernel> kernels;
  llvm::StringMap<codegen::PlacedKernel> placed;
  for (ArrayRef rest(defs); !rest.empty(); rest = rest.drop_front(std::min(rest.size(), kBatch))) {
    for (auto& [kernel, workgroups] : compiler.compile(rest.take_front(kBatch))) {
      placed[kernel.name] = {static_cast<std::uint32_t>(kernels.size()), workgroups,
                             kernel.workgroup_size[0]};
      kernels.push_back(std::move(kernel));
    }
    if (options.on_progress)
      options.on_progress(kernels.size(), defs.size());
  }
  Program program = codegen::translate_plan(module, placed);
  program.kernels = std::move(kernels);
  verify(program);
  return program;
}

}  // namespace

CompileOptions CompileOptions::from_environment() {
  CompileOptions options;
  options.debug = debug_options_from_environment();
  if (const char* folder = std::getenv("ASHLAR_DUMP_IR"))
    options.dump_folder = folder;
  return options;
}

Program compile(ModuleOp module, const DeviceProfile& profile, const CompileOptions& given) {
  CompileOptions options = given;
  if (!options.tuning)
    options.tuning = codegen::tuning_from_environment(profile);
  const auto cache = options.use_cache ? codegen::ShaderCache::from_environment() : nullptr;
  const bool observed =
      options.on_stage || options.on_kernel || options.schedules || !options.dump_folder.empty();
  if (!cache || observed)
    return compile_uncached(module, profile, options, cache.get());
  const std::string key = program_key(module, profile, options);
  if (auto program = find_program(*cache, key))
    return std::move(*program);
  Program program = compile_uncached(module, profile, options, cache.get());
  cache->store(key, serialize_program(program));
  return program;
}

std::vector<std::uint64_t> kernel_hashes(const Program& program) {
  std::vector<std::uint64_t> hashes;
  for (const Kernel& kernel : program.kernels) {
    const auto words = codegen::with_entry_point(kernel.spirv, "kernel");
    const std::uint64_t shape =
        XXH3_64bits(kernel.workgroup_size.data(), sizeof kernel.workgroup_size) +
        kernel.subgroup_size;
    hashes.push_back(XXH3_64bits_withSeed(words.data(), words.size() * sizeof words[0], shape));
  }
  return hashes;
}

}  // namespace ashlar
