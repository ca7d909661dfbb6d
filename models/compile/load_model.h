// SPDX-License-Identifier: Apache-2.0
// From a model to its program, and to a language model that runs it.
#pragma once

#include "models/compile/decoder_program.h"
#include "models/generate/language_model.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace ashlar {

struct CompileOptions;

struct LoadOptions {
  std::optional<DType> dtype;  // activations and caches; the model's own if absent
  std::int64_t batch = 1;
  std::vector<std::int64_t> prefill_sizes{16, 64, 256, 512};
  std::int64_t ring_rows = 64;
  // Whether GenerateOptions::sampling may ask for more than greedy decoding. The sampler costs a
  // few dispatches per token, also for rows that are greedy.
  bool sampling = false;
  bool ignore_eos = false;  // keep generating behind the model's stop tokens
  // Tokens in the caches that the costs noted in the program assume; 0: the first capacity.
  std::int64_t kv_length = 0;
  Progress progress;
};

// The tensors of a model, for tracing; the source must outlive them.
nn::Weights weights_of(const ModelSource& source);

// A model's decoder under these options; the source must outlive it.
DecoderProgram decoder_of(const ModelSource& source, const LoadOptions& options);

// Traces and compiles some of a decoder's entries, manifest included. Throws what compile_graph
// throws.
Program compile_entries(const DecoderProgram& decoder, const std::vector<EntryDefinition>& entries,
                        const DeviceProfile& profile, const CompileOptions& options);
// With the options of the environment.
Program compile_entries(const DecoderProgram& decoder, const std::vector<EntryDefinition>& entries,
                        const DeviceProfile& profile, const Progress& progress,
                        std::int64_t kv_length = 0);

// Compiles the model's program for the default device and loads it. Throws IoError, FormatError,
// Unsupported, NoDevice or OutOfMemory; nothing stays allocated then.
LanguageModel load_model(std::unique_ptr<const ModelSource> source,
                         const LoadOptions& options = {});
// From a model folder or a GGUF file (open_model).
LanguageModel load_model(const std::filesystem::path& path, const LoadOptions& options = {});

}  // namespace ashlar
