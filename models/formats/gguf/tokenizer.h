// SPDX-License-Identifier: Apache-2.0
// What a GGUF file says about text, in the forms of a checkpoint folder.
#pragma once

#include "models/formats/gguf/fields.h"

#include <map>
#include <optional>
#include <string>

namespace ashlar::gguf {

// The text of a tokenizer.json: the file's own where it has one (`tokenizer.huggingface.json`),
// else one made from its vocabulary ("gpt2": byte-level BPE with merges; "llama": SentencePiece's,
// by scores). Nothing when the file has no tokenizer. Throws FormatError, and Unsupported for other
// kinds of tokenizers and pre-tokenizers.
std::optional<std::string> tokenizer_json(const Fields& fields);

// The source of the chat template; with tools the one named `tool_use`, where there is one.
std::optional<std::string> chat_template(const Fields& fields, bool has_tools);

// "bos_token", "eos_token", "unk_token" and "pad_token", as chat templates see them.
std::map<std::string, std::string> special_tokens(const Fields& fields);

}  // namespace ashlar::gguf
