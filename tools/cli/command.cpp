// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/command.h"

#include "runtime/program/error.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <sstream>

namespace ashlar::cli {

namespace {

int report(const CLI::App& app, const std::exception& error, ExitCode code) {
  fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
  return code;
}

}  // namespace

int run_app(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return kSuccess;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kSuccess : kUsage;
  } catch (const Cancelled& error) {
    return report(app, error, kInterrupted);
  } catch (const NoDevice& error) {
    return report(app, error, kDeviceFailure);
  } catch (const DeviceLost& error) {
    return report(app, error, kDeviceFailure);
  } catch (const OutOfMemory& error) {
    return report(app, error, kDeviceFailure);
  } catch (const Unsupported& error) {
    return report(app, error, kUnsupported);
  } catch (const FormatError& error) {
    return report(app, error, kBadInput);
  } catch (const InvalidArgument& error) {
    return report(app, error, kBadInput);
  } catch (const IoError& error) {
    return report(app, error, kBadInput);
  } catch (const std::exception& error) {
    return report(app, error, kFailure);
  }
}

void add_examples(CLI::App& command, const std::vector<std::string>& examples) {
  std::string text = "Examples:";
  for (const std::string& example : examples)
    text += "\n  ashlar " + example;
  command.footer(text);
}

std::optional<DType> parse_activation_dtype(const std::string& text) {
  if (text.empty())
    return std::nullopt;
  const auto dtype = parse_dtype(text);
  if (!dtype || !is_float(*dtype))
    throw InvalidArgument("cli", "--dtype: expected f32, bf16 or f16, got '{}'", text);
  return dtype;
}

std::vector<std::int32_t> parse_ids(std::string_view text) {
  std::vector<std::int32_t> ids;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    std::int32_t id = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), id);
    if (error != std::errc() || end != part.data() + part.size() || id < 0)
      throw InvalidArgument("cli", "--ids: expected numbers like 1,2,3, got '{}'", part);
    ids.push_back(id);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return ids;
}

std::string read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw IoError("cli", "cannot open '{}'", path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> read_lines(const std::string& path) {
  std::istringstream text(read_text_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (line.ends_with('\r'))
      line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

ProgressLine::ProgressLine() : active_(isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  clear();
}

void ProgressLine::clear() {
  if (active_)
    std::fputs("\r\033[K", stderr);
}

void ProgressLine::show(std::string_view stage) {
  if (active_)
    fmt::print(stderr, "\r\033[K{} ...", stage);
}

}  // namespace ashlar::cli
