// SPDX-License-Identifier: Apache-2.0
// A model's tokenizer and chat template as the metadata of a GGUF file.
#pragma once

#include "models/formats/gguf/value.h"
#include "models/generate/encoder_source.h"
#include "models/generate/model_source.h"

namespace ashlar {

// The tokenizer.json goes in as it is (`tokenizer.huggingface.json`), so that nothing is lost. The
// vocabulary that other readers look for (`tokenizer.ggml.*`) is added for byte-level BPE whose way
// of cutting has a name there, for SentencePiece's BPE, for Unigram and for BERT's WordPiece; other
// tokenizers have no such form, and a wrong one would mislead.
void add_gguf_tokenizer(const ModelSource& model, gguf::Metadata& metadata);
void add_gguf_tokenizer(const EncoderSource& model, gguf::Metadata& metadata);

}  // namespace ashlar
