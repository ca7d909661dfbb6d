// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/convert/encoder_to_gguf.h"
#include "models/convert/to_gguf.h"
#include "models/generate/open_model.h"
#include "models/quantize/quantize_checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, out, gguf;
  AffineEncoding encoding;
};

void print(const QuantizedModule& module) {
  fmt::print("{:.5f}  {:<16} {}\n", module.relative_error, module.shape.to_string(), module.name);
  std::fflush(stdout);
}

void print(const WrittenTensor& tensor) {
  fmt::print("{:.5f}  {:<5} {:<16} {}\n", tensor.relative_error, gguf::name_of(tensor.type),
             tensor.shape.to_string(), tensor.name);
  std::fflush(stdout);
}

void write_folder(const Options& options) {
  fmt::print("relative RMSE, shape, module\n");
  const QuantizeSummary summary = quantize_checkpoint(
      options.model, options.out,
      {.encoding = options.encoding, .on_module = [](const QuantizedModule& m) { print(m); }});
  if (!summary.kept.empty())
    fmt::print("left as they are, for groups of {} do not divide their rows: {}\n",
               options.encoding.group_size, fmt::join(summary.kept, ", "));
  fmt::print("{} matrices; {} bytes became {}\n", summary.modules.size(), summary.bytes_before,
             summary.bytes_after);
}

void write_file(const Options& options) {
  const GgufRecipe& recipe = find_gguf_recipe(options.gguf);
  const auto on_tensor = [](const WrittenTensor& tensor) { print(tensor); };
  fmt::print("relative RMSE, type, shape, tensor\n");
  if (is_encoder(options.model))
    write_encoder_gguf(*open_encoder(options.model), options.out, recipe, on_tensor);
  else
    write_gguf(*open_model(options.model), options.out, recipe, on_tensor);
}

}  // namespace

void add_quantize(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "quantize",
      "Write a model with quantised matrices: a folder in MLX's layout, or a GGUF file");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Model in floats: a folder, or a GGUF file")
      ->required();
  command->add_option("--out", options->out, "Folder to write, which must not exist, or GGUF file")
      ->required();
  CLI::Option* bits = command->add_option("--bits", options->encoding.bits,
                                          "Of a folder: bits per number: 2, 3, 4, 5, 6 or 8");
  CLI::Option* group =
      command->add_option("--group-size", options->encoding.group_size,
                          "Of a folder: numbers that share a scale and a bias: 16, 32, 64 or 128");
  for (CLI::Option* option : {bits, group})
    option->capture_default_str();
  command
      ->add_option(
          "--gguf", options->gguf,
          fmt::format("Write a GGUF file of this type: {}", fmt::join(gguf_recipe_names(), ", ")))
      ->excludes(bits)
      ->excludes(group);
  add_examples(*command, {"quantize --model DIR --bits 4 --group-size 64 --out DIR-4bit",
                          "quantize --model DIR --gguf q4_k_m --out model.gguf"});
  command->callback([options] {
    if (options->gguf.empty())
      write_folder(*options);
    else
      write_file(*options);
  });
}

}  // namespace ashlar::cli
