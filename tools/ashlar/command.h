// SPDX-License-Identifier: Apache-2.0
// What every subcommand of `ashlar` shares. A command registers its options with CLI11 and a
// function that runs after parsing; it reports failures by throwing ashlar::Error.
#pragma once

#include "runtime/program/dtype.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::cli {

// Exit codes, as `ashlar --help` states them.
enum ExitCode : int {
  kSuccess = 0,
  kFailure = 1,        // anything not listed below
  kUsage = 2,          // unknown option, missing argument, malformed value
  kBadInput = 3,       // a file, prompt or id that cannot be used
  kUnsupported = 4,    // well formed, but outside what Ashlar or the device can do
  kDeviceFailure = 5,  // no device, device lost, out of memory
  kInterrupted = 130,  // Ctrl-C; what was generated until then has been printed
};

// Registers one subcommand each.
void add_chat(CLI::App& app);
void add_compile(CLI::App& app);
void add_devices(CLI::App& app);
void add_generate(CLI::App& app);
void add_inspect(CLI::App& app);
void add_kernels(CLI::App& app);
void add_logits(CLI::App& app);
void add_perplexity(CLI::App& app);
void add_plan(CLI::App& app);
void add_probe(CLI::App& app);
void add_profile(CLI::App& app);
void add_quantize(CLI::App& app);
void add_template(CLI::App& app);
void add_tokenize(CLI::App& app);

// Text at the end of a subcommand's help: one example per line.
void add_examples(CLI::App& command, const std::vector<std::string>& examples);

// "f32", "bf16" or "f16"; throws InvalidArgument otherwise. Nothing for an empty text.
std::optional<DType> parse_activation_dtype(const std::string& text);

// "1,2,3". Throws InvalidArgument naming the part that is no id.
std::vector<std::int32_t> parse_ids(std::string_view text);

// Whole file as text; throws IoError.
std::string read_text_file(const std::string& path);

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
