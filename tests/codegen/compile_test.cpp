// SPDX-License-Identifier: Apache-2.0
#include "codegen/compile.h"

#include "codegen/validate_spirv.h"
#include "ir/ashlar_dialect.h"
#include "runtime/executor/executor.h"
#include "runtime/program/error.h"
#include "runtime/program/program_file.h"
#include "runtime/program/requirements.h"
#include "tests/runtime/vulkan_test.h"

#include "mlir/Parser/Parser.h"

#include <fmt/ranges.h>

#include <cmath>
#include <filesystem>
#include <numeric>

namespace ashlar {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// exp(x) * 2, and a counter that every run advances. Two more functions share one kernel.
constexpr const char* kModule = R"(
ashlar.state @count : tensor<1xi32> {residency = "step"}
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = ashlar.exp %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %y = ashlar.add %e, %e : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %n = ashlar.state_read @count : tensor<1xi32>
  %one = ashlar.full {shape = array<i64: 1>, dtype = i32, value = 1.0 : f64} : () -> tensor<1xi32>
  %next = ashlar.add %n, %one : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi32>
  ashlar.state_write @count, %next : tensor<1xi32>
  return %y : tensor<4x8xf32>
}
func.func @negate(%x: tensor<16xf32>) -> tensor<16xf32> {
  %y = ashlar.neg %x : (tensor<16xf32>) -> tensor<16xf32>
  return %y : tensor<16xf32>
}
func.func @negate_too(%x: tensor<16xf32>) -> tensor<16xf32> {
  %y = ashlar.neg %x : (tensor<16xf32>) -> tensor<16xf32>
  return %y : tensor<16xf32>
}
)";

class CompileTest : public VulkanTest {
protected:
  void SetUp() override {
    VulkanTest::SetUp();
    cache_ = std::filesystem::temp_directory_path() /
             ("ashlar-compile-test-" + std::to_string(::getpid()));
    std::filesystem::remove_all(cache_);
    ::setenv("ASHLAR_CACHE_DIR", cache_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("ASHLAR_CACHE_DIR");
    std::filesystem::remove_all(cache_);
    VulkanTest::TearDown();
  }

  Program compile_text(const std::string& text, const CompileOptions& options = {}) {
    return compile_for(device().profile(), text, options);
  }

  static Program compile_for(const DeviceProfile& profile, const std::string& text,
                             const CompileOptions& options = {}) {
    mlir::DialectRegistry registry;
    ir::register_dialects(registry);
    mlir::MLIRContext context(registry);
    context.loadAllAvailableDialects();
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      throw Error("test", "the module does not parse");
    return compile(*module, profile, options);
  }

  void expect_main_works(const Program& program) {
    StateStore states(device());
    Executor executor(device(), program, states);
    std::vector<float> x(32);
    std::iota(x.begin(), x.end(), -16.0f);
    const Buffer input = upload(x);
    const Buffer output = upload(std::vector<float>(32));
    const std::uint32_t entry = executor.entry_index("main");
    for (int run = 0; run < 3; ++run)
      executor.run_and_wait(entry, {{{&input}}}, {{{&output}}});
    const std::vector<float> y = download<float>(output);
    for (std::size_t i = 0; i < x.size(); ++i)
      EXPECT_NEAR(y[i] / (2 * std::exp(x[i])), 1, 1e-6) << x[i];
    std::vector<std::int32_t> count(1);
    states.read("count", 0, std::as_writable_bytes(std::span(count)));
    EXPECT_THAT(count, ElementsAre(3));
  }

  std::size_t cached_files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(cache_), {}));
  }

  std::filesystem::path cache_;
};

TEST_F(CompileTest, ProgramsRunWithAndWithoutTheCache) {
  CompileOptions uncached;
  uncached.use_cache = false;
  const Program fresh = compile_text(kModule, uncached);
  EXPECT_FALSE(std::filesystem::exists(cache_));
  expect_main_works(fresh);

  const Program cold = compile_text(kModule);
  EXPECT_EQ(cached_files(), 1 + fresh.kernels.size());  // the program and its kernels
  const Program warm = compile_text(kModule);
  EXPECT_EQ(serialize_program(cold), serialize_program(fresh));
  EXPECT_EQ(serialize_program(warm), serialize_program(fresh));
}

TEST_F(CompileTest, AnotherProgramSharesCachedKernels) {
  const Program first = compile_text(kModule);
  const std::size_t files = cached_files();
  std::string renamed = kModule;
  renamed.replace(renamed.find("@negate("), 7, "@invert");
  const Program second = compile_text(renamed);
  EXPECT_EQ(cached_files(), files + 1);
  EXPECT_EQ(kernel_hashes(first), kernel_hashes(second));
}

TEST_F(CompileTest, DebugOptionsMakeAnotherProgram) {
  const Program fused = compile_text(kModule);
  CompileOptions options;
  options.debug.no_fusion = true;
  const Program unfused = compile_text(kModule, options);
  EXPECT_GT(unfused.entries[0].commands.size(), fused.entries[0].commands.size());
  expect_main_works(unfused);
}

TEST_F(CompileTest, EqualKernelsAreShared) {
  const Program program = compile_text(kModule);
  const auto kernel_of = [&](std::size_t entry) {
    return std::get<Dispatch>(program.entries[entry].commands.at(0)).kernel;
  };
  EXPECT_EQ(kernel_of(1), kernel_of(2));
  std::vector<std::uint64_t> hashes = kernel_hashes(program);
  EXPECT_EQ(hashes.size(), program.kernels.size());
  std::ranges::sort(hashes);
  EXPECT_EQ(std::ranges::adjacent_find(hashes), hashes.end());
}

// SPIR-V numbers: DenormPreserve 4459, SignedZeroInfNanPreserve 4461, RoundingModeRTE 4462.
TEST_F(CompileTest, KernelsDeclareTheFloatControlsOfTheirDevice) {
  const std::string text = R"(
func.func @main(%x: tensor<4xf16>) -> tensor<4xf32> {
  %y = ashlar.cast %x {dtype = f32} : (tensor<4xf16>) -> tensor<4xf32>
  return %y : tensor<4xf32>
})";
  const DeviceProfile lavapipe = find_profile_fixture("lavapipe").value(),
                      nvidia = find_profile_fixture("nvidia-h200").value();
  const Requirements cpu = requirements_of(compile_for(lavapipe, text)),
                     gpu = requirements_of(compile_for(nvidia, text));
  EXPECT_THAT(cpu.float_modes, ElementsAre(FloatMode{4461, 16}, FloatMode{4461, 32},
                                           FloatMode{4462, 16}, FloatMode{4462, 32}));
  EXPECT_THAT(gpu.float_modes,
              ElementsAre(FloatMode{4459, 16}, FloatMode{4459, 32}, FloatMode{4461, 16},
                          FloatMode{4461, 32}, FloatMode{4462, 16}, FloatMode{4462, 32}));
  EXPECT_THAT([&] { check_requirements(gpu, lavapipe); },
              ThrowsMessage<Unsupported>(HasSubstr("DenormPreserve of 16-bit floats")));
}

TEST_F(CompileTest, DynamicExtentsShareKernelsAmongShapes) {
  const auto hashes = [&](const char* wide, const char* narrow, bool dynamic) {
    CompileOptions options;
    options.dynamic_extents = dynamic;
    const std::string w = fmt::format("tensor<{}xf32>", wide),
                      n = fmt::format("tensor<{}xf32>", narrow);
    return kernel_hashes(compile_text(
        fmt::format(
            "func.func @main(%x: {0}, %y: {1}) -> {0} {{\n"
            "  %b = ashlar.broadcast %y {{shape = array<i64: {2}>}} : ({1}) -> {0}\n"
            "  %z = ashlar.mul %x, %b : ({0}, {0}) -> {0}\n  return %z : {0}\n}}",
            w, n,
            fmt::join(std::string_view(wide) == "3x8" ? std::vector{3, 8} : std::vector{70, 12},
                      ", ")),
        options));
  };
  EXPECT_EQ(hashes("3x8", "8", true), hashes("70x12", "12", true));
  EXPECT_NE(hashes("3x8", "8", false), hashes("70x12", "12", false));
}

TEST_F(CompileTest, StagesAreShownInOrder) {
  CompileOptions options;
  std::vector<std::pair<Stage, std::string>> stages;
  options.on_stage = [&](Stage stage, std::string_view text) { stages.emplace_back(stage, text); };
  std::size_t done = 0;
  options.on_progress = [&](std::size_t count, std::size_t total) {
    EXPECT_GT(count, done);
    EXPECT_LE(count, total);
    done = count;
  };
  const Program program = compile_text(kModule, options);
  EXPECT_EQ(done, program.kernels.size());
  ASSERT_EQ(stages.size(), 3 + 2 * program.kernels.size());
  EXPECT_EQ(stages[0].first, Stage::arrays);
  EXPECT_THAT(stages[0].second, HasSubstr("ashlar.exp"));
  EXPECT_EQ(stages[1].first, Stage::kernels);
  EXPECT_THAT(stages[1].second, HasSubstr("kernel.call"));
  EXPECT_EQ(stages[2].first, Stage::plan);
  EXPECT_THAT(stages[2].second, HasSubstr("plan.dispatch"));
  EXPECT_EQ(stages[3].first, Stage::kernel_ir);
  EXPECT_THAT(stages[3].second, HasSubstr("kernel.buffer"));
  EXPECT_EQ(stages.back().first, Stage::spirv);
  EXPECT_THAT(stages.back().second, HasSubstr("spirv.EntryPoint"));
}

TEST_F(CompileTest, DumpFolderReceivesThePasses) {
  CompileOptions options;
  options.dump_folder = cache_ / "dump";
  compile_text(kModule, options);
  std::string names;
  for (const auto& file : std::filesystem::recursive_directory_iterator(options.dump_folder))
    names += file.path().filename().string() + ' ';
  EXPECT_THAT(names, HasSubstr("ashlar-form-kernels.mlir"));
  EXPECT_THAT(names, HasSubstr("ashlar-plan-memory.mlir"));
}

TEST_F(CompileTest, EveryKernelIsValidSpirv) {
  for (const Kernel& kernel : compile_text(kModule).kernels)
    EXPECT_EQ(codegen::spirv_errors(kernel.spirv), "") << kernel.name;
}

TEST_F(CompileTest, CompilerErrorsAreThrownWithTheirDiagnostics) {
  EXPECT_THAT(
      [&] {
        compile_text("func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
                     "  %y = math.exp %x : tensor<4xf32>\n"
                     "  return %y : tensor<4xf32>\n}");
      },
      ThrowsMessage<Error>(HasSubstr("[compile] cannot plan the program: ")));
}

}  // namespace
}  // namespace ashlar
