// SPDX-License-Identifier: Apache-2.0
// Any bytes either open, and then all that the file offers can be read, or end in a typed error: as
// a list of tensors, and as a model with its config, its tokenizer and its weights.
#include "models/formats/encoder_config.h"
#include "models/formats/gguf/bert_config.h"
#include "models/formats/gguf/checkpoint.h"
#include "models/formats/gguf/decode.h"
#include "models/formats/gguf/tokenizer.h"
#include "models/formats/model_config.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "runtime/program/error.h"
#include "tests/fuzz/memory_file.h"

#include <cstdlib>
#include <vector>

namespace {

using namespace ashlar;

void read_tensors(const gguf::File& file) {
  for (const gguf::TensorInfo& info : file.tensors()) {
    if (file.find(info.name) != &info || file.data(info).size() != info.end - info.begin)
      std::abort();
    if (!gguf::can_decode(info.type))
      continue;
    std::vector<float> values(static_cast<std::size_t>(info.shape.element_count()));
    gguf::decode(info.type, file.data(info), values);
  }
}

void read_tokenizer(const gguf::Fields& fields) {
  gguf::special_tokens(fields);
  gguf::chat_template(fields, true);
  if (const auto text = gguf::tokenizer_json(fields))
    Tokenizer::from_json(*text).encode("a b", true);
}

void read_model(const gguf::Checkpoint& checkpoint) {
  if (checkpoint.config().at("model_type") == "bert") {
    parse_encoder_config(checkpoint.config(), checkpoint.name());
    gguf::bert_pooling(checkpoint.files());
  } else {
    parse_model_config(checkpoint.config(), checkpoint.name());
  }
  for (const gguf::Tensor& tensor : checkpoint.tensors()) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.shape.element_count()) *
                                 size_of(tensor.dtype));
    gguf::read(tensor, 0, bytes);
  }
}

// What `action` may throw, and nothing else.
template <typename Action> void attempt(Action action) {
  try {
    action();
  } catch (const FormatError&) {
  } catch (const Unsupported&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryFile input(data, size);
  attempt([&] {
    const auto file = gguf::File::open(input.path());
    attempt([&] { read_tensors(file); });
    attempt([&] { read_tokenizer(file.fields()); });
    attempt([&] { read_model(gguf::Checkpoint::open(input.path())); });
  });
  return 0;
}
