// SPDX-License-Identifier: Apache-2.0
#include "models/generate/language_model.h"

#include "runtime/program/error.h"

namespace ashlar {

LanguageModel::LanguageModel(ModelFiles files, Program program, std::unique_ptr<Device> device,
                             const Progress& progress)
    : files_(std::move(files)) {
  verify(program);
  require_generation(program);
  files_.check_program(program);
  if (std::filesystem::exists(files_.folder() / "tokenizer.json"))
    tokenizer_ = files_.tokenizer();
  device_ = device ? std::move(device) : std::make_unique<Device>();
  runtime_ = std::make_unique<DecoderRuntime>(
      *device_, std::move(program),
      [this](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) {
        files_.read_weight(weight, offset, chunk);
      },
      progress);
  if (progress)
    progress("preparing kernels");
  runtime_->warm_up();
}

const Tokenizer& LanguageModel::tokenizer() const {
  if (!tokenizer_)
    throw IoError("model", "'{}' has no tokenizer.json; give ids instead of text",
                  files_.folder().string());
  return *tokenizer_;
}

}  // namespace ashlar
