// SPDX-License-Identifier: Apache-2.0
// From a model folder to its program, and to a language model that runs it.
#pragma once

#include "models/compile/decoder_program.h"
#include "models/generate/language_model.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace ashlar {

struct CompileOptions;

struct LoadOptions {
  std::optional<DType> dtype;  // activations and caches; the checkpoint's own if absent
  std::int64_t batch = 1;
  std::vector<std::int64_t> prefill_sizes{16, 64, 256, 512};
  std::int64_t ring_rows = 64;
  bool ignore_eos = false;  // keep generating behind the model's stop tokens
  Progress progress;
};

// How a folder's decoder is traced under these options.
DecoderProgramOptions program_options(const ModelFiles& files, const LoadOptions& options);

// The tensors of a folder, for tracing.
nn::Weights weights_of(const ModelFiles& files);

// Traces and compiles some of a decoder's entries, manifest included. Throws what compile_graph
// throws.
Program compile_entries(const DecoderProgram& decoder, const std::vector<EntryDefinition>& entries,
                        const DeviceProfile& profile, const CompileOptions& options);
Program compile_entries(const DecoderProgram& decoder, const std::vector<EntryDefinition>& entries,
                        const DeviceProfile& profile, const Progress& progress);

// Compiles the folder's program for the default device and loads it. Throws IoError, FormatError,
// Unsupported, NoDevice or OutOfMemory; nothing stays allocated then.
LanguageModel load_model(const std::filesystem::path& folder, const LoadOptions& options = {});

}  // namespace ashlar
