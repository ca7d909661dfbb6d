// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar-kernel-run/kernel_file.h"

#include "codegen/diagnostics.h"
#include "codegen/kernel_compiler.h"
#include "codegen/kernel_text.h"
#include "codegen/validate_spirv.h"
#include "ir/ashlar_dialect.h"
#include "passes/kernel_cost.h"
#include "runtime/program/error.h"

#include "mlir/Parser/Parser.h"

namespace ashlar {
namespace {

KernelFile::BufferType buffer_type(mlir::Type type) {
  const auto array = ir::array_type_of(type);
  if (!array)
    throw InvalidArgument("kernel-run", "a kernel's operands and results must be arrays");
  for (std::int64_t dim : array->shape.dims())
    if (dim == kDynamic)
      return {array->dtype, std::nullopt};
  return {array->dtype, array->shape.element_count()};
}

KernelFile compile_def(kernel::DefOp def, const DeviceProfile& profile) {
  codegen::CompiledKernel compiled =
      std::move(codegen::KernelCompiler(profile, nullptr).compile(def).front());
  KernelFile file{.kernel = std::move(compiled.kernel), .workgroups = compiled.workgroups};
  for (mlir::BlockArgument input : def.getBody().getArguments())
    file.buffers.push_back(buffer_type(input.getType()));
  file.inputs = file.buffers.size();
  mlir::Operation* yield = def.getBody().front().getTerminator();
  for (auto [output, inplace] : llvm::zip_equal(yield->getOperandTypes(), def.getInplace()))
    if (inplace < 0)
      file.buffers.push_back(buffer_type(output));
  const KernelCost cost = cost_of(kernel::view_of(def), /*kv_length=*/0);
  file.cost = {static_cast<std::uint64_t>(cost.bytes_read),
               static_cast<std::uint64_t>(cost.bytes_written),
               static_cast<std::uint64_t>(cost.flops)};
  return file;
}

// "EMITTER, NAME=NUMBER, ..."
kernel::ScheduleAttr parse_schedule(mlir::MLIRContext* context, llvm::StringRef text) {
  mlir::Builder builder(context);
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  llvm::SmallVector<mlir::NamedAttribute> parameters;
  for (llvm::StringRef part : llvm::drop_begin(parts)) {
    auto [name, number] = part.trim().split('=');
    std::int64_t value = 0;
    if (number.getAsInteger(10, value))
      throw InvalidArgument("kernel-run", "schedule: expected NAME=NUMBER, got '{}'", part.str());
    parameters.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
  }
  return kernel::ScheduleAttr::get(context, parts.front().trim(),
                                   builder.getDictionaryAttr(parameters));
}

mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string& path, mlir::MLIRContext& context) {
  codegen::DiagnosticCollector diagnostics(&context);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(path, &context);
  if (!module)
    diagnostics.raise("kernel-run", "cannot read the kernel");
  return module;
}

}  // namespace

KernelFile load_kernel(const std::string& path, const DeviceProfile& profile,
                       const std::string& schedule) {
  mlir::DialectRegistry registry;
  ir::register_dialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = parse(path, context);
  auto defs = llvm::to_vector(module->getOps<kernel::DefOp>());
  if (defs.size() > 1)
    throw InvalidArgument("kernel-run", "'{}' holds {} kernels: expected one", path, defs.size());
  if (!schedule.empty() && !defs.empty())
    defs.front().setScheduleAttr(parse_schedule(&context, schedule));
  KernelFile file = defs.empty()
                        ? KernelFile{.kernel = codegen::compile_kernel_ir(*module, profile)}
                        : compile_def(defs.front(), profile);
  if (std::string errors = codegen::spirv_errors(file.kernel.spirv); !errors.empty())
    throw Error("kernel-run", "invalid SPIR-V: {}", errors);
  return file;
}

}  // namespace ashlar
