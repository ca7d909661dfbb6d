// SPDX-License-Identifier: Apache-2.0
#include "models/compile/encoder_source.h"

#include "models/formats/gguf/bert_config.h"
#include "models/formats/gguf/checkpoint.h"
#include "models/formats/gguf/tokenizer.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "runtime/program/error.h"
#include "runtime/program/input_file.h"

#include <memory>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

EncoderSource open_folder(const fs::path& folder) {
  const auto tensors = std::make_shared<const LoadableTensors>(
      std::make_shared<const Checkpoint>(Checkpoint::open(folder)), std::nullopt);
  return {.config = read_encoder_config(folder),
          .pooling = read_pooling_config(folder),
          .quantization = std::nullopt,
          .find = [tensors](std::string_view name) { return tensors->find(name); },
          .tokenizer_json = [folder]() -> std::optional<std::string> {
            const fs::path path = folder / "tokenizer.json";
            if (!fs::exists(path))
              return std::nullopt;
            return read_file(path, kMaxTokenizerBytes, "tokenizer");
          }};
}

EncoderSource open_file(const fs::path& path) {
  const auto checkpoint = std::make_shared<const gguf::Checkpoint>(gguf::Checkpoint::open(path));
  const JsonFields config(checkpoint->config(), checkpoint->name());
  return {.config = parse_encoder_config(checkpoint->config(), checkpoint->name()),
          .pooling = gguf::bert_pooling(checkpoint->files()),
          .quantization = read_quantization(config),
          .find = [checkpoint](std::string_view name) -> std::optional<LoadableTensor> {
            const gguf::Tensor* tensor = checkpoint->find(name);
            if (!tensor)
              return std::nullopt;
            return LoadableTensor{
                tensor->dtype, tensor->shape,
                [checkpoint, tensor](std::uint64_t offset, std::span<std::byte> chunk) {
                  gguf::read(*tensor, offset, chunk);
                }};
          },
          .tokenizer_json =
              [checkpoint] { return gguf::tokenizer_json(checkpoint->files().fields()); }};
}

}  // namespace

EncoderSource open_encoder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) ? open_file(path) : open_folder(path);
}

}  // namespace ashlar
