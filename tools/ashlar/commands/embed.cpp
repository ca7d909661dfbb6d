// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/compile/encoder_model.h"
#include "models/formats/safetensors_writer.h"
#include "runtime/program/error.h"

#include <fmt/ranges.h>

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, file, out, pooling, dtype;
  std::vector<std::string> texts, ids;
  bool normalize = false;
};

std::optional<Pooling> parse_pooling(const std::string& name) {
  if (name.empty())
    return std::nullopt;
  return name == "cls" ? Pooling::cls : Pooling::mean;
}

std::vector<EncoderInput> inputs_of(const Options& options, const EncoderModel& model) {
  std::vector<EncoderInput> inputs;
  for (const std::string& ids : options.ids) {
    std::vector<std::int32_t> row = parse_ids(ids);
    std::vector<std::int32_t> types(row.size(), 0);
    inputs.push_back({std::move(row), std::move(types)});
  }
  for (const std::string& text : options.texts)
    inputs.push_back(model.tokenize(text));
  if (!options.file.empty())
    for (const std::string& line : read_lines(options.file))
      inputs.push_back(model.tokenize(line));
  if (inputs.empty())
    throw InvalidArgument("cli", "embed: give --text, --file or --ids");
  return inputs;
}

void write(const std::string& path, const std::vector<std::vector<float>>& rows) {
  std::vector<float> values;
  for (const std::vector<float>& row : rows)
    values.insert(values.end(), row.begin(), row.end());
  const Shape shape{static_cast<std::int64_t>(rows.size()),
                    static_cast<std::int64_t>(rows.front().size())};
  write_safetensors(path, {{.name = "embeddings",
                            .type = StoredType::f32,
                            .shape = shape,
                            .data = std::as_bytes(std::span(values))}});
}

void run(const Options& options) {
  ProgressLine progress;
  EncoderModel model(options.model,
                     {.output = EncoderOutput::embedding,
                      .pooling = parse_pooling(options.pooling),
                      .normalize = options.normalize ? std::optional(true) : std::nullopt,
                      .dtype = parse_activation_dtype(options.dtype),
                      .progress = [&](std::string_view stage) { progress.show(stage); }});
  const auto rows = model.run(inputs_of(options, model));
  progress.clear();
  if (!options.out.empty())
    return write(options.out, rows);
  for (const std::vector<float>& row : rows)
    fmt::print("[{}]\n", fmt::join(row, ","));
}

}  // namespace

void add_embed(CLI::App& app) {
  CLI::App* command = app.add_subcommand("embed", "Embeddings of texts, one JSON list per line");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Text encoder: a folder, or a GGUF file")
      ->required();
  command->add_option("--text", options->texts, "Texts");
  command->add_option("--file", options->file, "File with a text in each line");
  command->add_option("--ids", options->ids, "Ids with special tokens, such as 2,7,3; per text");
  command->add_option("--pooling", options->pooling, "cls or mean; default the folder's own")
      ->check(CLI::IsMember({"cls", "mean"}));
  command->add_flag("--normalize", options->normalize, "Scale embeddings to length 1");
  command->add_option("--dtype", options->dtype,
                      "Activations: f32, bf16 or f16; default the checkpoint's");
  command->add_option("--out", options->out,
                      "safetensors file to write instead: embeddings [N, H]");
  add_examples(*command, {"embed --model DIR --text 'a red fox' 'a brown bear'",
                          "embed --model DIR --file texts.txt --out embeddings.safetensors"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
