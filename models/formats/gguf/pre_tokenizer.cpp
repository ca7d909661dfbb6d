// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/pre_tokenizer.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <string>

namespace ashlar::gguf {
namespace {

constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kGpt4o =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr PreTokenizer kPreTokenizers[] = {
    {.name = "gpt-2", .pattern = ""},
    {.name = "llama-bpe", .pattern = kLlama3, .ignores_merges = true, .adds_bos = true},
    {.name = "qwen2", .pattern = kQwen2, .normalizes = true},
    {.name = "deepseek-r1-qwen", .pattern = kQwen2},
    {.name = "qwen35", .pattern = kQwen35, .normalizes = true},
    {.name = "tekken", .pattern = kTekken, .ignores_merges = true, .adds_bos = true},
    {.name = "gpt-4o", .pattern = kGpt4o},
    {.name = "minimax-m2", .pattern = kGpt4o},
};

}  // namespace

const PreTokenizer& find_pre_tokenizer(std::string_view name, std::string_view file) {
  std::string known;
  for (const PreTokenizer& entry : kPreTokenizers) {
    if (entry.name == name)
      return entry;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", entry.name);
  }
  throw Unsupported("gguf", "{}: pre-tokenizer {} is not supported: expected one of {}", file,
                    in_quotes(name, 40), known);
}

const PreTokenizer* match_pre_tokenizer(std::string_view pattern, bool normalizes,
                                        bool ignores_merges) {
  const auto found = std::ranges::find_if(kPreTokenizers, [&](const PreTokenizer& entry) {
    return entry.pattern == pattern && entry.normalizes == normalizes &&
           entry.ignores_merges == ignores_merges;
  });
  return found == std::end(kPreTokenizers) ? nullptr : &*found;
}

}  // namespace ashlar::gguf
