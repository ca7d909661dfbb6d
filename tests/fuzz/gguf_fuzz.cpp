// SPDX-License-Identifier: Apache-2.0
// Any bytes either open, and then all that the file offers can be read, or end in a typed error.
#include "models/formats/gguf/decode.h"
#include "models/formats/gguf/file.h"
#include "runtime/program/error.h"
#include "tests/fuzz/memory_file.h"

#include <cstdlib>
#include <vector>

namespace {

using namespace ashlar;

void read_everything(const gguf::File& file) {
  for (const gguf::TensorInfo& info : file.tensors()) {
    if (file.find(info.name) != &info || file.data(info).size() != info.end - info.begin)
      std::abort();
    if (!gguf::can_decode(info.type))
      continue;
    std::vector<float> values(static_cast<std::size_t>(info.shape.element_count()));
    gguf::decode(info.type, file.data(info), values);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryFile input(data, size);
  try {
    read_everything(gguf::File::open(input.path()));
  } catch (const FormatError&) {
  } catch (const Unsupported&) {
  }
  return 0;
}
