// SPDX-License-Identifier: Apache-2.0
// The `ashlar` command line: one subcommand per file in commands/.
#include "tools/ashlar/command.h"

#include "runtime/program/error.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>

using namespace ashlar;

namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 success, 1 failure, 2 wrong usage, 3 unusable input, "
    "4 unsupported, 5 device failure, 130 interrupted.\n"
    "ASHLAR_DEVICE chooses the device; see `ashlar devices`.";

int report(const std::exception& error, cli::ExitCode code) {
  fmt::print(stderr, "ashlar: {}\n", error.what());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Ashlar: fused decoders for Vulkan devices"};
  app.require_subcommand(1);
  app.fallthrough();  // --log-level may also follow the subcommand
  app.footer(kExitCodes);
  std::string level = "warn";
  app.add_option("--log-level", level, "trace, debug, info, warn or error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  spdlog::set_default_logger(spdlog::stderr_color_mt("ashlar"));
  app.parse_complete_callback([&] { spdlog::set_level(spdlog::level::from_str(level)); });

  cli::add_chat(app);
  cli::add_compile(app);
  cli::add_devices(app);
  cli::add_generate(app);
  cli::add_inspect(app);
  cli::add_kernels(app);
  cli::add_logits(app);
  cli::add_perplexity(app);
  cli::add_plan(app);
  cli::add_probe(app);
  cli::add_profile(app);
  cli::add_quantize(app);
  cli::add_template(app);
  cli::add_tokenize(app);
  try {
    app.parse(argc, argv);
    return cli::kSuccess;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kSuccess : cli::kUsage;
  } catch (const Cancelled& error) {
    return report(error, cli::kInterrupted);
  } catch (const NoDevice& error) {
    return report(error, cli::kDeviceFailure);
  } catch (const DeviceLost& error) {
    return report(error, cli::kDeviceFailure);
  } catch (const OutOfMemory& error) {
    return report(error, cli::kDeviceFailure);
  } catch (const Unsupported& error) {
    return report(error, cli::kUnsupported);
  } catch (const FormatError& error) {
    return report(error, cli::kBadInput);
  } catch (const InvalidArgument& error) {
    return report(error, cli::kBadInput);
  } catch (const IoError& error) {
    return report(error, cli::kBadInput);
  } catch (const std::exception& error) {
    return report(error, cli::kFailure);
  }
}
