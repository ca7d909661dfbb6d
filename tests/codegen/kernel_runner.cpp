// SPDX-License-Identifier: Apache-2.0
#include "tests/codegen/kernel_runner.h"

#include "codegen/emitters/emitter.h"
#include "codegen/pipeline.h"
#include "ir/ashlar_dialect.h"
#include "ir/reference/evaluator.h"
#include "ir/schedule_model.h"
#include "runtime/executor/executor.h"
#include "runtime/program/error.h"
#include "runtime/vulkan/queue.h"
#include "runtime/vulkan/transfers.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Parser/Parser.h"

#include <fmt/ranges.h>

#include <cmath>
#include <random>

namespace ashlar {
namespace {

struct Region {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp main;
  kernel::FusedOp fused;

  explicit Region(const std::string& text) {
    mlir::DialectRegistry registry;
    ir::register_dialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      throw InvalidArgument("test", "the region does not parse");
    main = module->lookupSymbol<mlir::func::FuncOp>("main");
    main.walk([&](kernel::FusedOp op) { fused = op; });
  }

  // Inputs of which the kernel reads nothing that it stores.
  mlir::DenseI64ArrayAttr texels(mlir::OpBuilder& builder) {
    const kernel::RegionView region = kernel::view_of(fused);
    std::vector<std::int64_t> numbers;
    for (mlir::BlockArgument input : region.body->getArguments())
      if (!kernel::is_updated(region, input) || kernel::reads_only_old_rows(region, input))
        numbers.push_back(input.getArgNumber());
    return builder.getDenseI64ArrayAttr(numbers);
  }

  kernel::DefOp outline(const DeviceProfile& profile) {
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module->getBody());
    const kernel::ScheduleAttr schedule =
        fused.getSchedule() ? *fused.getSchedule() : kernel::default_schedule(fused, profile);
    auto def = kernel::DefOp::create(builder, fused.getLoc(), "k", fused.getRoot(),
                                     fused.getInplace(), schedule, /*pushed=*/nullptr,
                                     profile.is_cpu ? texels(builder) : nullptr);
    mlir::IRMapping mapping;
    fused.getBody().cloneInto(&def.getBody(), mapping);
    return def;
  }
};

ValueSpec spec_of(const std::string& name, const ArrayType& type) {
  return {name, type.dtype, type.shape};
}

BufferRange range_of(Space space, std::size_t index, const ArrayType& type) {
  return {space, static_cast<std::uint32_t>(index), 0, byte_count(type.dtype, type.shape)};
}

// The output whose buffer input `i` shares, or -1.
int output_in_place_of(kernel::FusedOp fused, std::size_t i) {
  for (auto [output, input] : llvm::enumerate(fused.getInplace()))
    if (input == static_cast<std::int64_t>(i))
      return static_cast<int>(output);
  return -1;
}

// Inputs that the kernel writes to but leaves as they were.
std::vector<std::size_t> restored_inputs(kernel::FusedOp fused) {
  const kernel::RegionView region = kernel::view_of(fused);
  std::vector<std::size_t> inputs;
  for (mlir::BlockArgument argument : region.body->getArguments())
    if (kernel::is_updated(region, argument) &&
        output_in_place_of(fused, argument.getArgNumber()) < 0)
      inputs.push_back(argument.getArgNumber());
  return inputs;
}

ArrayType output_type(kernel::FusedOp fused, std::size_t output,
                      const std::vector<reference::Tensor>& inputs) {
  const std::int64_t input = fused.getInplace()[output];
  return input >= 0
             ? inputs[static_cast<std::size_t>(input)].type
             : *ir::array_type_of(fused.getOutputs()[static_cast<unsigned>(output)].getType());
}

Program program_of(Region& region, const std::vector<reference::Tensor>& inputs,
                   const DeviceProfile& profile) {
  kernel::DefOp def = region.outline(profile);
  auto emitted = codegen::emit_kernel(def, profile);
  if (mlir::failed(emitted))
    throw Unsupported("test", "the kernel is not emitted");
  if (mlir::failed(emitted->module->verify()))
    throw Error("test", "the emitted module is invalid");
  const std::vector<std::size_t> restored = restored_inputs(region.fused);
  Entry entry{"main", {}, {}, 0, {}};
  Dispatch dispatch{0, {}, {}, emitted->workgroups, "k", {}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    entry.inputs.push_back(spec_of(fmt::format("in{}", i), inputs[i].type));
    const BufferRange source = range_of(Space::input, i, inputs[i].type);
    int output = output_in_place_of(region.fused, i);
    for (auto [number, input] : llvm::enumerate(restored))
      if (input == i)
        output = static_cast<int>(region.fused.getInplace().size() + number);
    if (output < 0) {
      dispatch.arguments.push_back({source, Access::read});
      continue;
    }
    const BufferRange target =
        range_of(Space::output, static_cast<std::size_t>(output), inputs[i].type);
    entry.commands.push_back(Copy{source, target, "copy"});
    dispatch.arguments.push_back({target, Access::read_write});
  }
  for (std::size_t o = 0; o < region.fused.getInplace().size(); ++o) {
    const ArrayType type = output_type(region.fused, o, inputs);
    entry.outputs.push_back(spec_of(fmt::format("out{}", o), type));
    if (region.fused.getInplace()[o] < 0)
      dispatch.arguments.push_back({range_of(Space::output, o, type), Access::write});
  }
  for (std::size_t input : restored)
    entry.outputs.push_back(spec_of(fmt::format("restored{}", input), inputs[input].type));
  if (!entry.commands.empty())
    entry.commands.push_back(Barrier{});
  const auto arguments = static_cast<std::uint32_t>(dispatch.arguments.size());
  entry.commands.push_back(std::move(dispatch));
  Program program;
  program.kernels.push_back({"k", codegen::lower_kernel(*emitted->module, profile),
                             emitted->workgroup_size, emitted->subgroup_size, arguments, 0});
  if (const auto texels = def.getTexels())
    program.kernels.back().texels.assign(texels->begin(), texels->end());
  program.entries.push_back(std::move(entry));
  return program;
}

double unit_in_last_place(DType dtype, double value) {
  if (dtype == DType::f32)
    return 0;
  const int bits = dtype == DType::bf16 ? 7 : 10, least = dtype == DType::bf16 ? -126 : -14;
  const int exponent = value == 0 ? least : std::max(std::ilogb(value), least);
  return std::ldexp(1.0, exponent - bits);
}

void expect_tensor(const reference::Tensor& actual, const reference::Tensor& wanted,
                   Tolerance tolerance, std::size_t output) {
  ASSERT_EQ(actual.type, wanted.type);
  int failures = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(wanted.size()) && failures < 5; ++i) {
    if (!wanted.is_real()) {
      EXPECT_EQ(actual.integers[i], wanted.integers[i]) << "output " << output << " at " << i;
      failures += actual.integers[i] != wanted.integers[i];
      continue;
    }
    const double a = actual.reals[i], w = wanted.reals[i];
    const double allowed = tolerance.absolute + tolerance.relative * std::fabs(w) +
                           unit_in_last_place(wanted.type.dtype, w) * 1.01;
    const bool same = std::isnan(w)   ? std::isnan(a)
                      : std::isinf(w) ? a == w
                                      : std::fabs(a - w) <= allowed;
    EXPECT_TRUE(same) << "output " << output << " at " << i << ": expected " << w << ", got " << a;
    failures += !same;
  }
}

}  // namespace

int KernelTest::in_subgroups(int threads) {
  return threads / 8 * static_cast<int>(device().profile().subgroup_size);
}

Device& KernelTest::device() {
  static Device device(DeviceOptions::from_environment());
  return device;
}

KernelTest::Tensors KernelTest::expected(const std::string& text, const Tensors& inputs) {
  Region region(text);
  reference::States states;
  Tensors results = reference::evaluate(region.main, inputs, states);
  for (std::size_t input : restored_inputs(region.fused))
    results.push_back(inputs[input]);
  return results;
}

KernelTest::Tensors KernelTest::run(const std::string& text, const Tensors& inputs) {
  Region region(text);
  Program program = program_of(region, inputs, device().profile());
  const std::vector<ValueSpec> outputs = program.entries[0].outputs;
  StateStore states(device());
  Executor executor(device(), std::move(program), states);

  std::vector<Buffer> buffers;
  buffers.reserve(inputs.size() + outputs.size());
  std::vector<BufferView> input_views, output_views;
  for (const Tensor& input : inputs) {
    const std::vector<std::byte> bytes = input.to_bytes();
    buffers.emplace_back(device(), bytes.size(), Residency::state, "input");
    device().transfers().write(buffers.back(), 0, bytes);
    input_views.push_back({&buffers.back()});
  }
  for (const ValueSpec& output : outputs) {
    buffers.emplace_back(device(), byte_count(output.dtype, output.shape), Residency::state,
                         "output");
    output_views.push_back({&buffers.back()});
  }
  executor.run_and_wait(0, input_views, output_views);

  Tensors results;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    std::vector<std::byte> bytes(byte_count(outputs[i].dtype, outputs[i].shape));
    device().transfers().read(*output_views[i].buffer, 0, bytes);
    results.push_back(Tensor::from_bytes({outputs[i].dtype, outputs[i].shape}, bytes));
  }
  return results;
}

void KernelTest::expect_near(const Tensors& actual, const Tensors& wanted, Tolerance tolerance) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    expect_tensor(actual[i], wanted[i], tolerance, i);
}

void KernelTest::compare(const std::string& text, const Tensors& inputs, Tolerance tolerance) {
  expect_near(run(text, inputs), expected(text, inputs), tolerance);
}

reference::Tensor KernelTest::random(DType dtype, Shape shape, double low, double high,
                                     std::uint32_t seed) {
  Tensor tensor({dtype, std::move(shape)});
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> draw(low, high);
  for (double& value : tensor.reals)
    value = reference::round_to(draw(generator), dtype);
  for (std::int64_t& value : tensor.integers)
    value = reference::wrap_to(static_cast<std::int64_t>(std::floor(draw(generator))), dtype);
  return tensor;
}

reference::Tensor KernelTest::values(DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor tensor({dtype, std::move(shape)});
  for (std::size_t i = 0; i < values.size(); ++i)
    if (tensor.is_real())
      tensor.reals.at(i) = reference::round_to(values[i], dtype);
    else
      tensor.integers.at(i) = reference::wrap_to(static_cast<std::int64_t>(values[i]), dtype);
  return tensor;
}

std::string RegionText::input(const std::string& type) {
  inputs_.push_back(type);
  return fmt::format("%x{}", inputs_.size() - 1);
}

std::string RegionText::op(const std::string& text) {
  body_ += fmt::format("    %r{} = {}\n", count_, text);
  return fmt::format("%r{}", count_++);
}

void RegionText::output(const std::string& value, const std::string& type, int inplace) {
  outputs_.push_back(value);
  output_types_.push_back(type);
  inplace_.push_back(inplace);
}

std::string RegionText::text() const {
  std::vector<std::string> arguments, block, names, results;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    arguments.push_back(fmt::format("%a{}: {}", i, inputs_[i]));
    block.push_back(fmt::format("%x{}: {}", i, inputs_[i]));
    names.push_back(fmt::format("%a{}", i));
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i)
    results.push_back(fmt::format("%k#{}", i));
  const std::string types = fmt::format("{}", fmt::join(output_types_, ", "));
  return fmt::format("func.func @main({}) -> ({}) {{\n  %k:{} = kernel.fused \"{}\" ({}) inplace "
                     "[{}] {} : ({}) -> ({}) "
                     "{{\n  ^bb0({}):\n{}    kernel.yield {} : {}\n  }}\n  return {} : {}\n}}\n",
                     fmt::join(arguments, ", "), types, outputs_.size(), root_,
                     fmt::join(names, ", "), fmt::join(inplace_, ", "),
                     schedule_.empty() ? "" : "schedule " + schedule_, fmt::join(inputs_, ", "),
                     types, fmt::join(block, ", "), body_, fmt::join(outputs_, ", "), types,
                     fmt::join(results, ", "), types);
}

std::string mlir_name(DType dtype) {
  const std::string name(name_of(dtype));
  return dtype == DType::boolean ? "i1" : name[0] == 'u' ? "ui" + name.substr(1) : name;
}

}  // namespace ashlar
