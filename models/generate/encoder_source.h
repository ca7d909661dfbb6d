// SPDX-License-Identifier: Apache-2.0
// Where a text encoder comes from: a folder of files, or a GGUF file.
#pragma once

#include "models/formats/encoder_config.h"
#include "models/formats/gguf/checkpoint.h"
#include "models/formats/pooling_config.h"
#include "models/generate/checkpoint_source.h"

#include <filesystem>
#include <memory>

namespace ashlar {

class EncoderSource : public CheckpointSource {
public:
  virtual const EncoderConfig& config() const = 0;
  virtual const PoolingConfig& pooling() const = 0;
};

// Whether a text encoder lies there, as far as its config.json or metadata say; what cannot be read
// is none.
bool is_encoder(const std::filesystem::path& path);

// Throws IoError, FormatError or Unsupported, naming the file.
std::unique_ptr<const EncoderSource> open_encoder(const std::filesystem::path& path,
                                                  gguf::KScales scales = gguf::KScales::two_steps);

}  // namespace ashlar
