// SPDX-License-Identifier: Apache-2.0
#include "models/formats/generation_config.h"

#include "models/formats/json_fields.h"
#include "models/formats/json_file.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"

#include <set>

namespace ashlar {
namespace {

std::optional<double> share(const JsonFields& fields, std::string_view key) {
  const auto value = fields.number(key);
  if (value && (*value < 0 || *value > 1))
    fields.fail(key, "a number in [0, 1]");
  return value;
}

std::optional<double> read_temperature(const JsonFields& fields) {
  const auto value = fields.number("temperature");
  if (value && *value < 0)
    fields.fail("temperature", "a number of at least 0");
  return value;
}

}  // namespace

GenerationConfig parse_generation_config(const nlohmann::json& config, std::string_view file) {
  const JsonFields fields(config, std::string(file));
  const IntegerRange ids{0, kMaxTokenId};
  GenerationConfig result;
  result.eos_token_ids = fields.integers("eos_token_id", ids).value_or(std::vector<std::int64_t>{});
  result.bos_token_id = fields.integer("bos_token_id", ids);
  result.do_sample = fields.flag("do_sample").value_or(false);
  result.temperature = read_temperature(fields);
  result.top_k = fields.integer("top_k", {0, kMaxVocabulary});
  result.top_p = share(fields, "top_p");
  result.min_p = share(fields, "min_p");
  result.repetition_penalty = fields.positive_number("repetition_penalty");
  result.max_new_tokens = fields.integer("max_new_tokens", {1, kMaxPositions});
  return result;
}

GenerationConfig read_generation_config(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "generation_config.json";
  if (!is_present(path))
    return {};
  return parse_generation_config(read_json_file(path), in_quotes(path.native()));
}

std::vector<std::int64_t> stop_tokens(const ModelConfig& model, const GenerationConfig& generation,
                                      std::optional<std::int64_t> tokenizer_eos) {
  std::set<std::int64_t> ids(model.eos_token_ids.begin(), model.eos_token_ids.end());
  ids.insert(generation.eos_token_ids.begin(), generation.eos_token_ids.end());
  if (tokenizer_eos)
    ids.insert(*tokenizer_eos);
  return {ids.begin(), ids.end()};
}

}  // namespace ashlar
