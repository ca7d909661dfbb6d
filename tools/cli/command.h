// SPDX-License-Identifier: Apache-2.0
// What the command lines of `ashlar` and `ashlar-run` share. A command registers its options with
// CLI11 and a function that runs after parsing; it reports failures by throwing ashlar::Error.
#pragma once

#include "runtime/program/dtype.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::cli {

// Exit codes, as kExitCodes states them.
enum ExitCode : int {
  kSuccess = 0,
  kFailure = 1,        // anything not listed below
  kUsage = 2,          // unknown option, missing argument, malformed value
  kBadInput = 3,       // a file, prompt or id that cannot be used
  kUnsupported = 4,    // well formed, but outside what Ashlar or the device can do
  kDeviceFailure = 5,  // no device, device lost, out of memory
  kInterrupted = 130,  // Ctrl-C; what was generated until then has been printed
};

// For the end of a help text.
inline constexpr const char* kExitCodes =
    "Exit codes: 0 success, 1 failure, 2 wrong usage, 3 unusable input, "
    "4 unsupported, 5 device failure, 130 interrupted.\n"
    "ASHLAR_DEVICE chooses the device; see `ashlar devices`.";

// Parses and runs; what was thrown becomes one line on standard error and an exit code.
int run_app(CLI::App& app, int argc, char** argv);

// Text at the end of a subcommand's help: one example per line.
void add_examples(CLI::App& command, const std::vector<std::string>& examples);

// "f32", "bf16" or "f16"; throws InvalidArgument otherwise. Nothing for an empty text.
std::optional<DType> parse_activation_dtype(const std::string& text);

// "1,2,3". Throws InvalidArgument naming the part that is no id.
std::vector<std::int32_t> parse_ids(std::string_view text);

// Whole file as text; throws IoError.
std::string read_text_file(const std::string& path);
// Its lines, without their ends.
std::vector<std::string> read_lines(const std::string& path);

// Progress on the terminal: one line, rewritten, and erased at the end. Silent when standard error
// is no terminal.
class ProgressLine {
public:
  ProgressLine();
  ~ProgressLine();
  void show(std::string_view stage);
  void clear();

private:
  bool active_;
};

}  // namespace ashlar::cli
