// SPDX-License-Identifier: Apache-2.0
#include "models/compile/load_model.h"
#include "runtime/program/error.h"
#include "tools/ashlar/command.h"
#include "tools/ashlar/model_choice.h"
#include "tools/measure/entry_profile.h"
#include "tools/measure/probe.h"
#include "tools/measure/profile_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <fstream>
#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  ModelChoice model;
  std::string dtype, trace, html;
  EntryProfileOptions profile;
  std::uint64_t array_mib = 0;
  bool json = false;
};

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush())
    throw IoError("cli", "cannot write '{}'", path);
}

// The prefill size that the entry needs; decode needs none, and gets the smallest.
std::int64_t prefill_size(const std::string& entry) {
  constexpr std::string_view kPrefix = "prefill_";
  if (entry == "decode")
    return 16;
  std::int64_t size = 0;
  const char* end = entry.data() + entry.size();
  if (!entry.starts_with(kPrefix) ||
      std::from_chars(entry.data() + kPrefix.size(), end, size).ptr != end || size < 1)
    throw InvalidArgument("cli", "--entry: expected decode or prefill_N, got '{}'", entry);
  return size;
}

void run(const Options& options) {
  ProgressLine progress;
  const std::int64_t size = prefill_size(options.profile.entry);
  LanguageModel model =
      load_model(open_model(options.model),
                 {.dtype = parse_activation_dtype(options.dtype),
                  .prefill_sizes = {size},
                  .ignore_eos = true,
                  .kv_length = options.profile.context + size,
                  .progress = [&](std::string_view stage) { progress.show(stage); }});
  progress.show("probing the device");
  DeviceLimits limits = probe_device(model.device(), {.array_bytes = options.array_mib << 20});
  progress.show("profiling");
  EntryProfile profile = profile_entry(model.runtime(), options.profile);
  progress.clear();
  const ProfileReport report =
      make_report(options.model.name(), std::move(profile), std::move(limits));
  if (!options.trace.empty())
    write_file(options.trace, to_trace(report).dump());
  if (!options.html.empty())
    write_file(options.html, to_html(report));
  if (options.json)
    fmt::print("{}\n", to_json(report).dump(2));
  else
    fmt::print("{}", to_text(report));
}

}  // namespace

void add_profile(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "profile", "Time every kernel of a token against the limits of the device");
  auto options = std::make_shared<Options>();
  add_model_choice(*command, options->model);
  command->add_option("--dtype", options->dtype,
                      "Activations and caches: f32, bf16 or f16; default the model's");
  command->add_option("--entry", options->profile.entry, "decode or prefill_N")
      ->capture_default_str();
  command->add_option("--context", options->profile.context, "Tokens in the caches before the run")
      ->capture_default_str();
  command->add_option("--replays", options->profile.replays, "Medians of at most that many")
      ->capture_default_str();
  command
      ->add_option("--array-mib", options->array_mib, "Size of the probe's arrays, as in `probe`")
      ->check(CLI::Range(0, 1 << 16));
  command->add_flag("--json", options->json, "Print JSON");
  command->add_option("--trace", options->trace, "Write a trace for Perfetto or chrome://tracing");
  command->add_option("--html", options->html, "Write a page with roofline, timeline and table");
  add_examples(*command, {"profile --shape llama-3.2-1b --random --html profile.html",
                          "profile --model DIR --entry prefill_512 --json",
                          "profile --shape llama-3.1-8b --random --context 32768"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
