// SPDX-License-Identifier: Apache-2.0
// The `ashlar` command line: one subcommand per file in commands/.
#include "tools/ashlar/command.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

using namespace ashlar;

int main(int argc, char** argv) {
  CLI::App app{"Ashlar: fused decoders for Vulkan devices", "ashlar"};
  app.require_subcommand(1);
  app.fallthrough();  // --log-level may also follow the subcommand
  app.footer(cli::kExitCodes);
  std::string level = "warn";
  app.add_option("--log-level", level, "trace, debug, info, warn or error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  spdlog::set_default_logger(spdlog::stderr_color_mt("ashlar"));
  app.parse_complete_callback([&] { spdlog::set_level(spdlog::level::from_str(level)); });

  cli::add_chat(app);
  cli::add_compile(app);
  cli::add_devices(app);
  cli::add_embed(app);
  cli::add_generate(app);
  cli::add_graph(app);
  cli::add_inspect(app);
  cli::add_kernels(app);
  cli::add_logits(app);
  cli::add_perplexity(app);
  cli::add_plan(app);
  cli::add_probe(app);
  cli::add_profile(app);
  cli::add_quantize(app);
  cli::add_rerank(app);
  cli::add_template(app);
  cli::add_tokenize(app);
  cli::add_tune(app);
  return cli::run_app(app, argc, argv);
}
