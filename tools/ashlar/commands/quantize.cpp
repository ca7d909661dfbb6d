// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/quantize/quantize_checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, out;
  AffineEncoding encoding;
};

void print(const QuantizedModule& module) {
  fmt::print("{:.5f}  {:<16} {}\n", module.relative_error, module.shape.to_string(), module.name);
  std::fflush(stdout);
}

void run(const Options& options) {
  fmt::print("relative RMSE, shape, module\n");
  const QuantizeSummary summary = quantize_checkpoint(
      options.model, options.out, {.encoding = options.encoding, .on_module = print});
  if (!summary.kept.empty())
    fmt::print("left as they are, for groups of {} do not divide their rows: {}\n",
               options.encoding.group_size, fmt::join(summary.kept, ", "));
  fmt::print("{} matrices; {} bytes became {}\n", summary.modules.size(), summary.bytes_before,
             summary.bytes_after);
}

}  // namespace

void add_quantize(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "quantize", "Write a model folder with quantised matrices (MLX's affine layout)");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Model folder, not quantised")->required();
  command->add_option("--out", options->out, "Folder to write; must not exist")->required();
  command->add_option("--bits", options->encoding.bits, "Bits per number: 2, 3, 4, 5, 6 or 8")
      ->capture_default_str();
  command
      ->add_option("--group-size", options->encoding.group_size,
                   "Numbers that share a scale and a bias: 32, 64 or 128")
      ->capture_default_str();
  add_examples(*command, {"quantize --model DIR --bits 4 --group-size 64 --out DIR-4bit"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
