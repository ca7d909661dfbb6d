// SPDX-License-Identifier: Apache-2.0
// Khronos' reference compiler as a process: only custom kernels in GLSL need it, when they are
// built.
#include "runtime/array/glsl.h"
#include "runtime/program/error.h"
#include "runtime/program/input_file.h"

#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

extern char** environ;

namespace ashlar {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;

// A folder of its own, gone with its files in the end.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ashlar-glsl-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw IoError("custom_kernel", "cannot create a temporary folder: {}", std::strerror(errno));
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const char* name) const { return (path_ / name).string(); }

private:
  std::filesystem::path path_;
};

// Runs a program with what it prints going to `output`; its exit status.
int run(std::vector<std::string> arguments, const std::string& output) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw Unsupported("custom_kernel",
                      "kernels in GLSL need glslangValidator (Debian: glslang-tools): cannot start "
                      "'{}': {}",
                      arguments[0], std::strerror(error));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::vector<std::uint32_t> compile_glsl(const std::string& kernel, const std::string& text,
                                        const std::string& compiler) {
  const TemporaryFolder folder;
  const std::string source = folder.file("kernel.comp"), words_file = folder.file("kernel.spv"),
                    log = folder.file("log");
  std::ofstream(source) << text;
  if (run({compiler, "-V", "--target-env", "vulkan1.3", "-S", "comp", "-o", words_file, source},
          log) != 0)
    throw Error("custom_kernel", "'{}' does not compile (lines of the body count from 1): {}",
                kernel, read_file(log, kMostBytes, "custom_kernel"));
  const std::string bytes = read_file(words_file, kMostBytes, "custom_kernel");
  std::vector<std::uint32_t> words(bytes.size() / sizeof(std::uint32_t));
  std::memcpy(words.data(), bytes.data(), words.size() * sizeof words[0]);
  return words;
}

}  // namespace ashlar
