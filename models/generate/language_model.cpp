// SPDX-License-Identifier: Apache-2.0
#include "models/generate/language_model.h"

#include "runtime/array/compile_graph.h"
#include "runtime/program/error.h"

namespace ashlar {

DecoderProgramOptions program_options(const ModelSource& source, const LoadOptions& options) {
  return {.dtype = options.dtype.value_or(source.default_dtype()),
          .batch = options.batch,
          .prefill_sizes = options.prefill_sizes,
          .ring_rows = options.ring_rows,
          .stop_tokens = options.ignore_eos ? std::vector<std::int32_t>{} : source.stop_tokens(),
          .sampling = options.sampling};
}

LanguageModel::LanguageModel(const std::filesystem::path& folder, LoadOptions options)
    : LanguageModel(std::make_unique<const ModelFiles>(ModelFiles::open(folder)),
                    std::move(options)) {}

LanguageModel::LanguageModel(std::unique_ptr<const ModelSource> source, LoadOptions options)
    : source_(std::move(source)), tokenizer_(source_->find_tokenizer()),
      device_(std::make_unique<Device>()),
      program_(source_->config(), source_->weights(), program_options(*source_, options)) {
  const auto report = [&](std::string_view stage) {
    if (options.progress)
      options.progress(stage);
  };
  report("compiling");
  CompileOptions compile = CompileOptions::from_environment();
  compile.kv_length = options.kv_length;
  Program compiled =
      compile_graph(trace_entries(program_.generation_entries()), device_->profile(), compile);
  report("loading weights");
  runtime_ = std::make_unique<DecoderRuntime>(
      *device_, program_, config().max_positions, std::move(compiled),
      [this](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) {
        source_->read_weight(weight, offset, chunk);
      });
  report("warming up");
  runtime_->warm_up();
}

const std::filesystem::path& LanguageModel::folder() const {
  if (const auto* files = dynamic_cast<const ModelFiles*>(source_.get()))
    return files->folder();
  throw InvalidArgument("model", "random weights have no files, so no tokenizer or template");
}

const Tokenizer& LanguageModel::tokenizer() const {
  if (!tokenizer_)
    throw IoError("model", "'{}' has no tokenizer.json; give ids instead of text",
                  folder().string());
  return *tokenizer_;
}

}  // namespace ashlar
