// SPDX-License-Identifier: Apache-2.0
#include "models/compile/load_model.h"

#include "runtime/array/compile_graph.h"
#include "runtime/program/error.h"

namespace ashlar {

DecoderProgramOptions program_options(const ModelFiles& files, const LoadOptions& options) {
  return {.dtype = options.dtype.value_or(files.default_dtype()),
          .batch = options.batch,
          .prefill_sizes = options.prefill_sizes,
          .ring_rows = options.ring_rows,
          .stop_tokens = options.ignore_eos ? std::vector<std::int32_t>{} : files.stop_tokens()};
}

nn::Weights weights_of(const ModelFiles& files) {
  return nn::Weights([files](std::string_view name) -> std::optional<ArrayType> {
    const auto weight = files.find_weight(name);
    return weight ? std::optional(ArrayType{weight->dtype, weight->shape}) : std::nullopt;
  });
}

Program compile_entries(const DecoderProgram& decoder, const std::vector<EntryDefinition>& entries,
                        const DeviceProfile& profile, const CompileOptions& options) {
  Program program = compile_graph(trace_entries(entries), profile, options);
  program.decoder = decoder.manifest();
  return program;
}

Program compile_entries(const DecoderProgram& decoder, const std::vector<EntryDefinition>& entries,
                        const DeviceProfile& profile, const Progress& progress) {
  CompileOptions options = CompileOptions::from_environment();
  if (progress) {
    progress("compiling");
    options.on_progress = [&](std::size_t done, std::size_t total) {
      progress(fmt::format("compiling, kernel {} of {}", done, total));
    };
  }
  return compile_entries(decoder, entries, profile, options);
}

LanguageModel load_model(const std::filesystem::path& folder, const LoadOptions& options) {
  ModelFiles files = ModelFiles::open(folder);
  auto device = std::make_unique<Device>();
  const DecoderProgram decoder(files.config(), weights_of(files), program_options(files, options));
  Program program =
      compile_entries(decoder, decoder.generation_entries(), device->profile(), options.progress);
  return LanguageModel(std::move(files), std::move(program), std::move(device), options.progress);
}

}  // namespace ashlar
