// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/decoder_manifest.h"

#include "runtime/program/error.h"
#include "runtime/program/program.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "program";

const StateSpec* find_state(const Program& program, std::string_view name) {
  const auto found = std::ranges::find(program.states, name, &StateSpec::name);
  return found == program.states.end() ? nullptr : &*found;
}

void verify_sizes(const DecoderManifest& decoder) {
  static constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  const auto require = [](std::string_view what, std::int64_t value, std::int64_t least) {
    if (value < least || value > kMost)
      throw FormatError(kUnit, "the decoder's {} is {}: expected {} to {}", what, value, least,
                        kMost);
  };
  require("batch", decoder.batch, 1);
  require("context limit", decoder.max_positions, 1);
  require("window", decoder.window, 0);
  require("ring", decoder.ring_rows, 1);
  if (decoder.prefill_sizes.empty())
    throw FormatError(kUnit, "the decoder has no prefill size");
  std::int64_t least = 1;
  for (const std::int64_t size : decoder.prefill_sizes) {
    require("prefill size", size, least);
    least = size + 1;
  }
  for (const std::int32_t token : decoder.stop_tokens)
    require("stop token", token, 0);
}

std::vector<std::pair<std::string_view, Shape>> step_shapes(const DecoderManifest& decoder) {
  const Shape rows{decoder.batch};
  return {{step::kPrompt, {decoder.batch, decoder.prefill_sizes.back()}},
          {step::kValid, rows},
          {step::kToken, rows},
          {step::kPosition, rows},
          {step::kDone, rows},
          {step::kRing, {decoder.ring_rows, decoder.batch}},
          {step::kCount, {1}}};
}

void verify_step_state(const StateSpec& state, const Shape& shape) {
  if (state.dtype != DType::i32 || state.shape != shape || state.growable)
    throw FormatError(kUnit, "the decoder's state '{}' is {}{}: expected i32{}", state.name,
                      name_of(state.dtype), state.shape.to_string(), shape.to_string());
}

void verify_cache(const Program& program, const CacheManifest& cache) {
  const StateSpec* state = find_state(program, cache.state);
  if (!state)
    throw FormatError(kUnit, "the decoder's cache '{}' is no state of the program", cache.state);
  if (state->shape.rank() < 2 || state->shape.dim(1) != program.decoder->batch)
    throw FormatError(kUnit, "the decoder's cache '{}' has shape {}: expected [rows, {}, ...]",
                      cache.state, state->shape.to_string(), program.decoder->batch);
  const bool agrees =
      cache.ring == 0 ? state->growable : !state->growable && state->shape.dim(0) == cache.ring;
  if (!agrees)
    throw FormatError(kUnit, "the decoder's cache '{}' is a {} state of {} rows: expected {}",
                      cache.state, state->growable ? "growable" : "fixed", state->shape.dim(0),
                      cache.ring == 0 ? "a growable one" : fmt::format("a ring of {}", cache.ring));
}

void require_entry(const Program& program, const std::string& name) {
  const auto entry = std::ranges::find(program.entries, name, &Entry::name);
  if (entry == program.entries.end())
    throw FormatError(kUnit, "it cannot generate: it has no entry '{}'", name);
  if (!entry->inputs.empty() || !entry->outputs.empty())
    throw FormatError(kUnit, "it cannot generate: its entry '{}' has inputs or outputs", name);
}

}  // namespace

void verify_manifest(const Program& program) {
  if (!program.decoder)
    return;
  verify_sizes(*program.decoder);
  for (const auto& [name, shape] : step_shapes(*program.decoder))
    if (const StateSpec* state = find_state(program, name))
      verify_step_state(*state, shape);
  for (const CacheManifest& cache : program.decoder->caches)
    verify_cache(program, cache);
}

void require_generation(const Program& program) {
  if (!program.decoder)
    throw FormatError(kUnit,
                      "it cannot generate: it is no decoder; save one with `ashlar compile`");
  for (const auto& [name, shape] : step_shapes(*program.decoder))
    if (!find_state(program, name))
      throw FormatError(kUnit, "it cannot generate: it has no state '{}'", name);
  for (const std::int64_t size : program.decoder->prefill_sizes)
    require_entry(program, prefill_entry(size));
  require_entry(program, "decode");
}

std::string prefill_entry(std::int64_t tokens) {
  return fmt::format("prefill_{}", tokens);
}

}  // namespace ashlar
