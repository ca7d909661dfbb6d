// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/custom_kernel.h"

#include "codegen/diagnostics.h"
#include "codegen/pipeline.h"
#include "ir/ashlar_dialect.h"
#include "runtime/array/context.h"
#include "runtime/array/glsl.h"
#include "runtime/array/origin.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <algorithm>
#include <mutex>

namespace ashlar {
namespace {

using Words = std::vector<std::uint32_t>;

void check_words(const std::string& name, const Words& words) {
  constexpr std::uint32_t kMagic = 0x07230203, kOpEntryPoint = 15;
  std::size_t entry_points = 0;
  std::size_t at = 5;
  for (; at < words.size() && words[at] >> 16 != 0; at += words[at] >> 16)
    entry_points += (words[at] & 0xffff) == kOpEntryPoint;
  if (words.size() <= 5 || words[0] != kMagic || at != words.size() || entry_points != 1)
    throw InvalidArgument("custom_kernel",
                          "'{}': expected a SPIR-V module with one entry point, got {} words with "
                          "{}",
                          name, words.size(), entry_points);
}

Words lower_mlir(const std::string& name, const std::string& text) {
  mlir::DialectRegistry registry;
  ir::register_dialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> module;
  {
    const codegen::DiagnosticCollector diagnostics(&context);
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context, name);
    if (!module)
      diagnostics.raise("custom_kernel", fmt::format("cannot parse '{}'", name));
  }
  return codegen::lower_kernel(*module, Context::instance().device().profile());
}

std::vector<std::int64_t> as_integers(std::span<const std::uint32_t> numbers) {
  return {numbers.begin(), numbers.end()};
}

}  // namespace

struct CustomKernel::Code {
  std::string name;
  Source source;
  CustomRules::Vjp vjp;
  std::mutex mutex;
  std::map<std::string, Words> compiled;  // by the text that was compiled

  const Words& words(std::span<const Array> inputs, const ArrayType& result, const Launch& launch) {
    if (const auto* spirv = std::get_if<SpirvSource>(&source))
      return spirv->words;
    const auto* glsl = std::get_if<GlslSource>(&source);
    const std::string text = glsl ? glsl_text(*glsl, inputs, result, launch.workgroup_size)
                                  : std::get<MlirSource>(source).text;
    const std::scoped_lock lock(mutex);
    auto found = compiled.find(text);
    if (found == compiled.end())
      found =
          compiled.emplace(text, glsl ? compile_glsl(name, text) : lower_mlir(name, text)).first;
    return found->second;
  }

  Array build(std::vector<Array> inputs, const ArrayType& result, const Launch& launch) {
    const Words& spirv = words(inputs, result, launch);
    return apply(OpKind::custom_kernel, std::move(inputs),
                 {{"shape", result.shape.dims()},
                  {"dtype", result.dtype},
                  {"spirv", as_integers(spirv)},
                  {"workgroups", as_integers(launch.workgroups)},
                  {"workgroup_size", as_integers(launch.workgroup_size)}});
  }
};

CustomKernel::CustomKernel(std::string name, Source source, CustomRules::Vjp vjp)
    : code_(std::make_shared<Code>(std::move(name), std::move(source), std::move(vjp))) {
  if (const auto* spirv = std::get_if<SpirvSource>(&code_->source))
    check_words(code_->name, spirv->words);
  if (const auto* glsl = std::get_if<GlslSource>(&code_->source))
    check_names(code_->name, *glsl);
}

Array CustomKernel::operator()(const std::vector<Array>& inputs, const ArrayType& result,
                               const Launch& launch, std::source_location where) const {
  const WrittenAt at(where);
  const Scope scope(code_->name);
  const auto* glsl = std::get_if<GlslSource>(&code_->source);
  if (glsl && glsl->inputs.size() != inputs.size())
    throw InvalidArgument("custom_kernel", "'{}' has {} inputs, got {}", code_->name,
                          glsl->inputs.size(), inputs.size());
  const auto is_empty = [](const Array& array) { return array.size() == 0; };
  if (std::ranges::any_of(inputs, is_empty) || result.shape.element_count() == 0)
    throw InvalidArgument("custom_kernel", "'{}': an array without elements", code_->name);
  if (!code_->vjp)
    return code_->build(inputs, result, launch);
  const auto function = [code = code_, result, launch](const Arrays& arguments) {
    return Arrays{code->build(arguments, result, launch)};
  };
  CustomRules rules;
  rules.vjp = code_->vjp;
  return custom_function(function, rules)(inputs).at(0);
}

}  // namespace ashlar
