// SPDX-License-Identifier: Apache-2.0
// A text encoder on a device: embeddings of texts, or scores of pairs of texts.
#pragma once

#include "models/compile/encoder_program.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "models/generate/progress.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ashlar {

struct EncoderOptions {
  // By default scores where the checkpoint has a classifier, else embeddings.
  std::optional<EncoderOutput> output;
  std::optional<Pooling> pooling;  // the model's own if absent
  std::optional<bool> normalize;   // the same
  std::optional<DType> dtype;      // of activations; the checkpoint's own if absent
  std::int64_t batch = 8;          // rows of one pass
  // Ascending numbers of tokens, to the next of which the rows of a pass are padded. None takes
  // longer rows than the last of them, or than the model or the folder allow.
  std::vector<std::int64_t> sizes{16, 64, 256, 512};
  Progress progress;
};

// One row: ids with the special tokens, and which of two texts each belongs to.
using EncoderInput = EncodedPair;

// One thread at a time.
class EncoderModel {
public:
  // Of a folder or a GGUF file. Throws IoError, FormatError, Unsupported, NoDevice or OutOfMemory,
  // and InvalidArgument where scores are asked for that no classifier gives.
  explicit EncoderModel(const std::filesystem::path& path, const EncoderOptions& options = {});
  ~EncoderModel();

  const EncoderConfig& config() const;
  EncoderOutput output() const;
  // The most tokens of one row.
  std::int64_t max_tokens() const;

  // With special tokens, cut to max_tokens(). Of a pair the longer text is cut. Throw IoError for a
  // model without tokenizer.
  EncoderInput tokenize(std::string_view text) const;
  EncoderInput tokenize(std::string_view first, std::string_view second) const;

  // For each input, in order: its embedding [H], its scores [labels] (logits), or its hidden states
  // [tokens, H]. Throws InvalidArgument for rows that are empty or too long, and for ids and types
  // that the model does not have.
  std::vector<std::vector<float>> run(std::span<const EncoderInput> inputs);

private:
  const Tokenizer& tokenizer() const;

  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ashlar
