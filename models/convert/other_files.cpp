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
  for (fs::recursive_directory_iterator it(from), end; it != end; ++it) {
    const fs::path file = it->path().lexically_relative(from);
    if (file.filename().native().starts_with('.') && it->is_directory())
      it.disable_recursion_pending();
    if (!it->is_regular_file() || file == "config.json" || holds_weights(file))
      continue;
    std::error_code error;
    fs::create_directories((to / file).parent_path(), error);
    if (!fs::copy_file(it->path(), to / file, error))
      throw IoError(unit, "cannot copy {}: {}", in_quotes(it->path().native()), error.message());
  }
}

}  // namespace ashlar
