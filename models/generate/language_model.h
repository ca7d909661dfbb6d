// SPDX-License-Identifier: Apache-2.0
// A model, compiled for a device and loaded: what generation, sessions and tools start from.
#pragma once

#include "models/generate/decoder_runtime.h"
#include "models/generate/model_files.h"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace ashlar {

struct LoadOptions {
  std::optional<DType> dtype;  // activations and caches; the checkpoint's own if absent
  std::int64_t batch = 1;
  std::vector<std::int64_t> prefill_sizes{16, 64, 256, 512};
  std::int64_t ring_rows = 64;
  // Whether GenerateOptions::sampling may ask for more than greedy decoding. The sampler costs a
  // few dispatches per token, also for rows that are greedy.
  bool sampling = false;
  bool ignore_eos = false;  // keep generating behind the model's stop tokens
  // Tokens in the caches that the costs noted in the program assume; 0: the first capacity.
  std::int64_t kv_length = 0;
  // Called with what is being done now, for progress lines. May be empty.
  std::function<void(std::string_view stage)> progress;
};

// Owns everything; one thread at a time.
class LanguageModel {
public:
  // Throws IoError, FormatError, Unsupported, NoDevice or OutOfMemory; nothing stays allocated
  // then.
  LanguageModel(const std::filesystem::path& folder, LoadOptions options = {});
  LanguageModel(std::unique_ptr<const ModelSource> source, LoadOptions options = {});

  // The folder it was loaded from. Throws InvalidArgument for a model without files.
  const std::filesystem::path& folder() const;
  const ModelConfig& config() const { return source_->config(); }
  // A model may come without a tokenizer: ids in, ids out.
  bool has_tokenizer() const { return tokenizer_.has_value(); }
  // Throws IoError when there is none.
  const Tokenizer& tokenizer() const;
  DType dtype() const { return program_.options().dtype; }
  Device& device() { return *device_; }
  DecoderRuntime& runtime() { return *runtime_; }
  const std::vector<std::int32_t>& stop_tokens() const { return program_.options().stop_tokens; }

private:
  std::unique_ptr<const ModelSource> source_;
  std::optional<Tokenizer> tokenizer_;
  std::unique_ptr<Device> device_;
  DecoderProgram program_;
  std::unique_ptr<DecoderRuntime> runtime_;
};

// How a model's decoder is traced under these options.
DecoderProgramOptions program_options(const ModelSource& source, const LoadOptions& options);

}  // namespace ashlar
