// SPDX-License-Identifier: Apache-2.0
#include "models/generate/language_model.h"

#include "models/generate/open_model.h"
#include "runtime/program/error.h"

namespace ashlar {

LanguageModel::LanguageModel(const std::filesystem::path& path, Program program,
                             std::unique_ptr<Device> device, const Progress& progress)
    : LanguageModel(open_model(path), std::move(program), std::move(device), progress) {}

LanguageModel::LanguageModel(std::unique_ptr<const ModelSource> source, Program program,
                             std::unique_ptr<Device> device, const Progress& progress)
    : source_(std::move(source)) {
  verify(program);
  require_generation(program);
  check_program(*source_, program);
  tokenizer_ = source_->find_tokenizer();
  device_ = device ? std::move(device) : std::make_unique<Device>();
  runtime_ = std::make_unique<DecoderRuntime>(
      *device_, std::move(program),
      [this](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) {
        source_->read_weight(weight, offset, chunk);
      },
      progress);
  if (progress)
    progress("preparing kernels");
  runtime_->warm_up();
}

const Tokenizer& LanguageModel::tokenizer() const {
  if (!tokenizer_)
    throw IoError("model", "{} has no tokenizer; give ids instead of text", source_->name());
  return *tokenizer_;
}

}  // namespace ashlar
