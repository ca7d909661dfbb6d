// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/convert/encoder_to_gguf.h"
#include "models/convert/to_folder.h"
#include "models/convert/to_gguf.h"
#include "models/generate/open_model.h"
#include "runtime/program/error.h"

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, out, dtype;
  std::uint64_t max_file_bytes = FolderOptions().max_file_bytes;
};

void run(const Options& options) {
  if (!std::filesystem::path(options.out).native().ends_with(".gguf"))
    return write_folder(
        options.model, options.out,
        {.dtype = parse_activation_dtype(options.dtype), .max_file_bytes = options.max_file_bytes});
  if (is_encoder(options.model)) {
    const auto encoder = open_encoder(options.model);
    const std::string type =
        options.dtype.empty() ? std::string(name_of(stored_dtype(*encoder))) : options.dtype;
    return write_encoder_gguf(*encoder, options.out, find_gguf_recipe(type));
  }
  const auto model = open_model(options.model);
  const std::string type =
      options.dtype.empty() ? std::string(name_of(model->default_dtype())) : options.dtype;
  write_gguf(*model, options.out, find_gguf_recipe(type));
}

}  // namespace

void add_convert(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "convert", "Write a model in another format, element type or number of files");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Model folder or GGUF file")->required();
  command
      ->add_option(
          "--out", options->out,
          "File to write, if it ends in .gguf; else the model folder, which must not exist")
      ->required();
  command
      ->add_option("--dtype", options->dtype, "Type of floats: f32, bf16 or f16; default as it is")
      ->check(CLI::IsMember({"f32", "bf16", "f16"}));
  command
      ->add_option("--max-file-bytes", options->max_file_bytes,
                   "Of tensors in one file of a folder; more go to several files with an index")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_examples(*command, {"convert --model models/checkpoints/pebble-4m --out pebble.gguf",
                          "convert --model model.gguf --dtype bf16 --out DIR"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
