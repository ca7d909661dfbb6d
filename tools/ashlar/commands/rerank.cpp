// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/compile/encoder_model.h"
#include "runtime/program/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <numeric>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, query, file, dtype;
  std::vector<std::string> documents;
  bool json = false;
};

std::vector<float> scores_of(const Options& options, const std::vector<std::string>& documents) {
  ProgressLine progress;
  EncoderModel model(options.model,
                     {.output = EncoderOutput::scores,
                      .dtype = parse_activation_dtype(options.dtype),
                      .progress = [&](std::string_view stage) { progress.show(stage); }});
  if (model.config().labels != 1)
    throw Unsupported("cli", "rerank: a classifier of {} labels is no reranker: expected one",
                      model.config().labels);
  std::vector<EncoderInput> inputs;
  for (const std::string& document : documents)
    inputs.push_back(model.tokenize(options.query, document));
  std::vector<float> scores;
  for (const std::vector<float>& row : model.run(inputs))
    scores.push_back(row.front());
  return scores;
}

void run(const Options& options) {
  std::vector<std::string> documents = options.documents;
  if (!options.file.empty())
    for (std::string& line : read_lines(options.file))
      documents.push_back(std::move(line));
  if (documents.empty())
    throw InvalidArgument("cli", "rerank: give --document or --file");
  const std::vector<float> scores = scores_of(options, documents);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  for (const std::size_t i : order)
    if (options.json)
      fmt::print(
          "{}\n",
          nlohmann::json{{"index", i}, {"score", scores[i]}, {"document", documents[i]}}.dump());
    else
      fmt::print("{:9.4f}  {}\n", scores[i], documents[i]);
}

}  // namespace

void add_rerank(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "rerank", "Documents by how well they answer a query, best first, with the model's logits");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Cross-encoder: a folder, or a GGUF file")
      ->required();
  command->add_option("--query", options->query, "Query")->required();
  command->add_option("--document", options->documents, "Documents");
  command->add_option("--file", options->file, "File with a document in each line");
  command->add_option("--dtype", options->dtype,
                      "Activations: f32, bf16 or f16; default the checkpoint's");
  command->add_flag("--json", options->json, "Print JSON per document: index, score, document");
  add_examples(*command, {"rerank --model DIR --query 'what do foxes eat' --file passages.txt"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
