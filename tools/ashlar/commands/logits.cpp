// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/compile/logits.h"
#include "models/formats/safetensors_writer.h"
#include "models/formats/tensor_values.h"
#include "runtime/program/error.h"

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, ids, ids_file, out, dtype;
  bool hidden_states = false;
};

std::vector<std::vector<std::int32_t>> rows_of_file(const std::string& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const TensorInfo* info = file.find("input_ids");
  if (!info || info->shape.rank() != 2)
    throw InvalidArgument("cli", "'{}': expected a tensor input_ids of shape [B, T]", path);
  const std::vector<std::int64_t> values = to_integers(*info, file.data(*info));
  std::vector<std::vector<std::int32_t>> rows;
  const std::int64_t width = info->shape.dim(1);
  for (std::int64_t row = 0; row < info->shape.dim(0); ++row)
    rows.emplace_back(values.begin() + row * width, values.begin() + (row + 1) * width);
  return rows;
}

void run(const Options& options) {
  if (options.ids.empty() == options.ids_file.empty())
    throw InvalidArgument("cli", "logits: give either --ids or --ids-file");
  const auto rows = options.ids.empty()
                        ? rows_of_file(options.ids_file)
                        : std::vector<std::vector<std::int32_t>>{parse_ids(options.ids)};
  ProgressLine progress;
  const std::vector<NamedTensor> tensors =
      compute_logits(options.model, rows,
                     {.dtype = parse_activation_dtype(options.dtype),
                      .hidden_states = options.hidden_states,
                      .progress = [&](std::string_view stage) { progress.show(stage); }});
  std::vector<TensorToWrite> written;
  for (const NamedTensor& tensor : tensors)
    written.push_back({.name = tensor.name,
                       .type = StoredType::f32,
                       .shape = tensor.shape,
                       .data = std::as_bytes(std::span(tensor.values))});
  write_safetensors(options.out, written);
}

}  // namespace

void add_logits(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("logits", "Write the logits of every position to a safetensors file");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Model folder or GGUF file")->required();
  command->add_option("--ids", options->ids, "Token ids, such as 1,2,3");
  command->add_option("--ids-file", options->ids_file, "safetensors file with input_ids [B, T]");
  command->add_option("--out", options->out, "File to write: logits [B, T, V], f32")->required();
  command->add_option("--dtype", options->dtype,
                      "Activations and caches: f32, bf16 or f16; default the checkpoint's");
  command->add_flag("--hidden-states", options->hidden_states,
                    "Also hidden_states.N [B, T, H]: 0 = embeddings, last = after the final norm");
  add_examples(*command, {"logits --model DIR --ids 1,2,3 --out logits.safetensors --dtype f32"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
