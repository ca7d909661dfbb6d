// SPDX-License-Identifier: Apache-2.0
#include "codegen/tuning_files.h"
#include "runtime/program/error.h"
#include "tools/ashlar/command.h"
#include "tools/ashlar/model_choice.h"
#include "tools/measure/tuner.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  ModelChoice model;
  std::string dtype, out;
  TuneOptions tune;
  bool json = false;
};

// What the file holds already stays, unless it was measured again.
void save(const std::filesystem::path& file, const DeviceProfile& profile,
          const TuneResult& result) {
  TuningTable table = result.table;
  if (std::filesystem::exists(file))
    table.kernels.merge(codegen::read_tuning(file, profile).kernels);
  codegen::write_tuning(file, table);
}

void print_text(const TuneResult& result, const std::filesystem::path& file) {
  for (const auto& [key, kernel] : result.table.kernels)
    fmt::print("{:<40} {:>9.2f} us, was {:>9.2f}  {}\n", kernel.label, kernel.microseconds,
               kernel.default_microseconds, to_string(kernel.schedule));
  fmt::print("{} kernels, {} candidates; {:.1f} us instead of {:.1f}; {}\n", result.kernels,
             result.candidates, result.tuned_seconds * 1e6, result.default_seconds * 1e6,
             file.string());
}

void print_json(const TuneResult& result, const std::filesystem::path& file) {
  const nlohmann::json object{{"file", file.string()},
                              {"kernels", result.kernels},
                              {"candidates", result.candidates},
                              {"winners", result.table.kernels.size()},
                              {"default_us", result.default_seconds * 1e6},
                              {"tuned_us", result.tuned_seconds * 1e6}};
  fmt::print("{}\n", object.dump(2));
}

void run(Options& options) {
  Device device;
  const std::filesystem::path file = options.out.empty()
                                         ? codegen::default_tuning_file(device.profile())
                                         : std::filesystem::path(options.out);
  if (file.empty())
    throw InvalidArgument("cli", "tune: there is no cache folder; give --out FILE");
  const auto source = open_model(options.model);
  ProgressLine progress;
  options.tune.dtype = parse_activation_dtype(options.dtype);
  options.tune.progress = [&](std::string_view stage) { progress.show(stage); };
  const TuneResult result = tune_model(device, *source, options.tune);
  progress.clear();
  save(file, device.profile(), result);
  options.json ? print_json(result, file) : print_text(result, file);
}

}  // namespace

void add_tune(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "tune", "Measure the schedules of a model's kernels on this device and keep the winners");
  auto options = std::make_shared<Options>();
  add_model_choice(*command, options->model);
  command->add_option("--dtype", options->dtype,
                      "Activations and caches: f32, bf16 or f16; default the model's");
  command->add_option("--entry", options->tune.entry, "decode or prefill_N")
      ->check(CLI::Validator(
          [](const std::string& entry) {
            const bool known =
                entry == "decode" ||
                (entry.starts_with("prefill_") && entry.size() > 8 && entry.size() < 16 &&
                 entry.find_first_not_of("0123456789", 8) == std::string::npos);
            return known ? "" : "expected decode or prefill_N";
          },
          ""))
      ->capture_default_str();
  command->add_option("--context", options->tune.context, "Tokens in the caches")
      ->capture_default_str();
  command->add_option("--replays", options->tune.replays, "Medians of that many")
      ->capture_default_str();
  command->add_option("--out", options->out,
                      "File to write or add to; default this device's file in the cache folder, "
                      "which every later compile reads; ASHLAR_TUNING selects another");
  command->add_flag("--json", options->json, "Print JSON");
  add_examples(*command,
               {"tune --model DIR", "tune --shape llama-3.1-8b --random --out h200.json"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
