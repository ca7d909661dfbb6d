// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/model.h"

#include "models/formats/tokenizer/bpe.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

namespace ashlar::tokenizer {

std::unique_ptr<Model> make_model(const JsonNode& node) {
  // Files written before the key existed are recognised by their merges.
  const auto type = node.find("type");
  const std::string name = type ? type->as_string() : node.find("merges") ? "BPE" : "without type";
  if (name == "BPE")
    return std::make_unique<Bpe>(node);
  throw Unsupported("tokenizer", "{}: the model {} is not supported, only BPE", node.path(),
                    in_quotes(name));
}

}  // namespace ashlar::tokenizer
