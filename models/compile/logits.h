// SPDX-License-Identifier: Apache-2.0
// Logits and hidden states of whole sequences, for comparisons and perplexity.
#pragma once

#include "models/generate/model_source.h"
#include "models/generate/progress.h"
#include "runtime/program/dtype.h"
#include "runtime/program/shape.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ashlar {

struct NamedTensor {
  std::string name;
  Shape shape;
  std::vector<float> values;
};

struct LogitsOptions {
  std::optional<DType> dtype;  // activations and caches; the checkpoint's own if absent
  bool hidden_states = false;
  // Rows of one device pass; longer sequences take several over the same caches. 0: one pass.
  std::int64_t chunk = 0;
  Progress progress;
};

// A model compiled and loaded for `batch` rows of up to `length` ids each. One thread at a time.
class LogitsModel {
public:
  // Throws what loading throws.
  LogitsModel(std::unique_ptr<const ModelSource> source, std::int64_t batch, std::int64_t length,
              const LogitsOptions& options);
  ~LogitsModel();

  // Runs rows of ids from the beginning of the context, all of one length T. Returns "logits"
  // [B, T, V] and, if asked for, "hidden_states.N" [B, T, H] (0 = embeddings, last = after the
  // final norm). Throws InvalidArgument for rows that are empty, differ in length, do not fit, or
  // hold ids outside the vocabulary.
  std::vector<NamedTensor> run(const std::vector<std::vector<std::int32_t>>& rows);

private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The same for one set of rows and the model that lies at `path` (open_model).
std::vector<NamedTensor> compute_logits(const std::filesystem::path& path,
                                        const std::vector<std::vector<std::int32_t>>& rows,
                                        const LogitsOptions& options);

}  // namespace ashlar
