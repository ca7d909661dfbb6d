// SPDX-License-Identifier: Apache-2.0
#include "models/generate/language_model.h"

#include "runtime/array/compile_graph.h"
#include "runtime/program/error.h"

namespace ashlar {

DecoderProgramOptions program_options(const ModelFiles& files, const LoadOptions& options) {
  return {.dtype = options.dtype.value_or(files.default_dtype()),
          .batch = options.batch,
          .prefill_sizes = options.prefill_sizes,
          .ring_rows = options.ring_rows,
          .stop_tokens = options.ignore_eos ? std::vector<std::int32_t>{} : files.stop_tokens(),
          .sampling = options.sampling};
}

LanguageModel::LanguageModel(const std::filesystem::path& folder, LoadOptions options)
    : files_(ModelFiles::open(folder)), device_(std::make_unique<Device>()),
      program_(files_.config(), files_.weights(), program_options(files_, options)) {
  if (std::filesystem::exists(folder / "tokenizer.json"))
    tokenizer_ = files_.tokenizer();
  const auto report = [&](std::string_view stage) {
    if (options.progress)
      options.progress(stage);
  };
  report("compiling");
  Program compiled =
      compile_graph(trace_entries(program_.generation_entries()), device_->profile());
  report("loading weights");
  runtime_ = std::make_unique<DecoderRuntime>(
      *device_, program_, config().max_positions, std::move(compiled),
      [this](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) {
        files_.read_weight(weight, offset, chunk);
      });
  report("warming up");
  runtime_->warm_up();
}

const Tokenizer& LanguageModel::tokenizer() const {
  if (!tokenizer_)
    throw IoError("model", "'{}' has no tokenizer.json; give ids instead of text",
                  files_.folder().string());
  return *tokenizer_;
}

}  // namespace ashlar
