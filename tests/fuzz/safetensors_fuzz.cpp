// SPDX-License-Identifier: Apache-2.0
// Any bytes either open, and then all that the file offers can be read, or end in FormatError.
#include "models/formats/safetensors.h"
#include "models/formats/tensor_values.h"
#include "runtime/program/error.h"
#include "tests/fuzz/memory_file.h"

#include <cstdlib>

namespace {

void read_everything(const ashlar::SafetensorsFile& file) {
  std::uint64_t total = 0;
  for (const ashlar::TensorInfo& info : file.tensors()) {
    if (file.find(info.name) != &info)
      std::abort();
    total += file.data(info).size();
    try {
      ashlar::to_floats(info, file.data(info));
    } catch (const ashlar::Unsupported&) {
    }
  }
  // The tensors cover the data exactly.
  if (!file.tensors().empty() && total != file.tensors().back().end)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryFile input(data, size);
  try {
    read_everything(ashlar::SafetensorsFile::open(input.path()));
  } catch (const ashlar::FormatError&) {
  }
  return 0;
}
