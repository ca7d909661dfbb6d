// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/atomic_folder.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <unistd.h>

namespace ashlar {
namespace fs = std::filesystem;

// "models/x/" names the same folder as "models/x".
static fs::path without_slash(fs::path path) {
  path = path.lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

AtomicFolder::AtomicFolder(fs::path target, std::string_view unit)
    : target_(without_slash(std::move(target))), unit_(unit) {
  std::error_code error;
  const bool is_free = !fs::exists(target_, error) ||
                       (fs::is_directory(target_, error) && fs::is_empty(target_, error));
  if (!is_free)
    throw InvalidArgument(unit_, "{} exists already", in_quotes(target_.native()));
  temporary_ = target_;
  temporary_ += fmt::format(".{}.tmp", ::getpid());
  if (!fs::create_directory(temporary_, error))
    throw IoError(unit_, "cannot create {}: {}", in_quotes(temporary_.native()),
                  error ? error.message() : "it exists already");
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_)
    fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error)
    throw IoError(unit_, "cannot rename {} to {}: {}", in_quotes(temporary_.native()),
                  in_quotes(target_.native()), error.message());
  committed_ = true;
}

}  // namespace ashlar
