// SPDX-License-Identifier: Apache-2.0
#include "models/convert/other_files.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <array>
#include <string>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

// Weights in any format, and lists of them.
bool holds_weights(const fs::path& file) {
  constexpr std::array<std::string_view, 9> kEndings = {".safetensors", ".safetensors.index.json",
                                                        ".bin",         ".bin.index.json",
                                                        ".pt",          ".pth",
                                                        ".gguf",        ".h5",
                                                        ".onnx"};
  const std::string name = file.filename();
  return std::ranges::any_of(kEndings, [&](std::string_view e) { return name.ends_with(e); });
}

}  // namespace

void copy_other_files(const fs::path& from, const fs::path& to, std::string_view unit) {
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const fs::path name = entry.path().filename();
    if (!entry.is_regular_file() || name == "config.json" || holds_weights(name))
      continue;
    std::error_code error;
    if (!fs::copy_file(entry.path(), to / name, error))
      throw IoError(unit, "cannot copy {}: {}", in_quotes(entry.path().native()), error.message());
  }
}

}  // namespace ashlar
