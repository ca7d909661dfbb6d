// SPDX-License-Identifier: Apache-2.0
// A model and its program, loaded onto a device: what generation and sessions start from.
// The program comes from the compiler (models/compile/load_model.h) or from a file.
#pragma once

#include "models/formats/tokenizer/tokenizer.h"
#include "models/generate/decoder_runtime.h"
#include "models/generate/model_source.h"
#include "models/generate/progress.h"

#include <filesystem>
#include <memory>
#include <optional>

namespace ashlar {

// Owns everything; one thread at a time.
class LanguageModel {
public:
  // `program` was compiled from the model, for `device`; without a device the default one is
  // opened. Throws FormatError where the program cannot generate, InvalidArgument where it does not
  // match the model, Unsupported, NoDevice or OutOfMemory; all of it before anything is allocated.
  LanguageModel(std::unique_ptr<const ModelSource> source, Program program,
                std::unique_ptr<Device> device = nullptr, const Progress& progress = {});
  // From a path; throws what open_model throws, too.
  LanguageModel(const std::filesystem::path& path, Program program,
                std::unique_ptr<Device> device = nullptr, const Progress& progress = {});

  const ModelSource& source() const { return *source_; }
  const ModelConfig& config() const { return source_->config(); }
  // A model may come without a tokenizer: ids in, ids out.
  bool has_tokenizer() const { return tokenizer_.has_value(); }
  // Throws IoError when there is none.
  const Tokenizer& tokenizer() const;
  Device& device() { return *device_; }
  DecoderRuntime& runtime() { return *runtime_; }
  const std::vector<std::int32_t>& stop_tokens() const { return runtime_->manifest().stop_tokens; }

private:
  std::unique_ptr<const ModelSource> source_;
  std::optional<Tokenizer> tokenizer_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<DecoderRuntime> runtime_;
};

}  // namespace ashlar
