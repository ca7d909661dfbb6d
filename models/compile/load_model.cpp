// SPDX-License-Identifier: Apache-2.0
#include "models/compile/load_model.h"

#include "models/generate/open_model.h"
#include "runtime/array/compile_graph.h"
#include "runtime/program/error.h"

namespace ashlar {

nn::Weights weights_of(const ModelSource& source) {
  const auto type_of = [&source](std::string_view name) -> std::optional<ArrayType> {
    const auto weight = source.find_weight(name);
    return weight ? std::optional(ArrayType{weight->dtype, weight->shape}) : std::nullopt;
  };
  return nn::Weights(type_of, source.config().quantization);
}

DecoderProgram decoder_of(const ModelSource& source, const LoadOptions& options) {
  return DecoderProgram(
      source.config(), weights_of(source),
      {.dtype = options.dtype.value_or(source.default_dtype()),
       .batch = options.batch,
       .prefill_sizes = options.prefill_sizes,
       .ring_rows = options.ring_rows,
       .stop_tokens = options.ignore_eos ? std::vector<std::int32_t>{} : source.stop_tokens(),
       .sampling = options.sampling});
}

Program compile_entries(const DecoderProgram& decoder, const std::vector<EntryDefinition>& entries,
                        const DeviceProfile& profile, const CompileOptions& options) {
  Program program = compile_graph(trace_entries(entries), profile, options);
  program.decoder = decoder.manifest();
  return program;
}

Program compile_entries(const DecoderProgram& decoder, const std::vector<EntryDefinition>& entries,
                        const DeviceProfile& profile, const Progress& progress,
                        std::int64_t kv_length) {
  CompileOptions options = CompileOptions::from_environment();
  options.kv_length = kv_length;
  if (progress) {
    progress("compiling");
    options.on_progress = [&](std::size_t done, std::size_t total) {
      progress(fmt::format("compiling, kernel {} of {}", done, total));
    };
  }
  return compile_entries(decoder, entries, profile, options);
}

LanguageModel load_model(std::unique_ptr<const ModelSource> source, const LoadOptions& options) {
  auto device = std::make_unique<Device>();
  const DecoderProgram decoder = decoder_of(*source, options);
  Program program = compile_entries(decoder, decoder.generation_entries(), device->profile(),
                                    options.progress, options.kv_length);
  return LanguageModel(std::move(source), std::move(program), std::move(device), options.progress);
}

LanguageModel load_model(const std::filesystem::path& path, const LoadOptions& options) {
  return load_model(open_model(path), options);
}

}  // namespace ashlar
