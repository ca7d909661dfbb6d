// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/formats/tokenizer/tokenizer.h"
#include "models/generate/encoder_source.h"
#include "models/generate/open_model.h"
#include "runtime/program/error.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, tokenizer, text, pair, file, ids;
  bool has_text = false, has_pair = false, no_special = false, keep_special = false, json = false;
};

Tokenizer open_tokenizer(const Options& options) {
  if (options.model.empty() == options.tokenizer.empty())
    throw InvalidArgument("cli", "tokenize: give either --model or --tokenizer");
  if (!std::filesystem::is_regular_file(options.model))
    return Tokenizer::from_file(options.model.empty() ? options.tokenizer
                                                      : options.model + "/tokenizer.json");
  const auto tokenizer = is_encoder(options.model) ? open_encoder(options.model)->find_tokenizer()
                                                   : open_model(options.model)->find_tokenizer();
  if (tokenizer)
    return *tokenizer;
  throw InvalidArgument("cli", "'{}' has no tokenizer", options.model);
}

void print_pair(const Options& options, const EncodedPair& pair) {
  if (options.json)
    fmt::print("{}\n", nlohmann::json{{"ids", pair.ids}, {"type_ids", pair.type_ids}}.dump());
  else
    fmt::print("{}\n{}\n", fmt::join(pair.ids, ","), fmt::join(pair.type_ids, ","));
}

void encode(const Options& options, const Tokenizer& tokenizer) {
  const std::string text = options.has_text ? options.text : read_text_file(options.file);
  if (options.has_pair) {
    print_pair(options, tokenizer.encode_pair(text, options.pair, !options.no_special));
    return;
  }
  const std::vector<std::int32_t> ids = tokenizer.encode(text, !options.no_special);
  if (options.json)
    fmt::print("{}\n", nlohmann::json{{"ids", ids}}.dump());
  else
    fmt::print("{}\n", fmt::join(ids, ","));
}

void decode(const Options& options, const Tokenizer& tokenizer) {
  const std::string text = tokenizer.decode(parse_ids(options.ids), !options.keep_special);
  fmt::print("{}\n", options.json ? nlohmann::json{{"text", text}}.dump() : text);
}

void run(const Options& options) {
  const Tokenizer tokenizer = open_tokenizer(options);
  const int sources = options.has_text + !options.file.empty() + !options.ids.empty();
  if (sources != 1)
    throw InvalidArgument("cli", "tokenize: give exactly one of --text, --file and --ids");
  if (options.ids.empty())
    encode(options, tokenizer);
  else
    decode(options, tokenizer);
}

}  // namespace

void add_tokenize(CLI::App& app) {
  CLI::App* command = app.add_subcommand("tokenize", "Text to token ids, or ids to text");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model,
                      "Model folder with a tokenizer.json, or GGUF file");
  command->add_option("--tokenizer", options->tokenizer, "A tokenizer.json");
  CLI::Option* text = command->add_option("--text", options->text, "Text to encode");
  CLI::Option* ids = command->add_option("--ids", options->ids, "Ids to decode, such as 1,2,3");
  CLI::Option* pair = command->add_option("--pair", options->pair,
                                          "A second text: print ids, then the type of each");
  pair->excludes(ids);
  command->add_option("--file", options->file, "File with text to encode");
  command->add_flag("--no-special", options->no_special, "Encode without adding special tokens");
  command->add_flag("--keep-special", options->keep_special, "Decode special tokens too");
  command->add_flag("--json", options->json,
                    R"(Print {"ids": [...]} or {"text": ...}; of a pair also "type_ids")");
  add_examples(*command, {"tokenize --model models/checkpoints/pebble-4m --text 'Once upon a time'",
                          "tokenize --tokenizer tokenizer.json --ids 1,2,3 --json"});
  command->callback([options, text, pair] {
    options->has_text = text->count() > 0;
    options->has_pair = pair->count() > 0;
    run(*options);
  });
}

}  // namespace ashlar::cli
