// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/decoder_manifest.h"

#include "runtime/program/error.h"
#include "runtime/program/program.h"

#include <algorithm>
#include <limits>

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
  require("sampler's vocabulary", decoder.sampler_vocabulary, 0);
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

struct RoleState {
  std::string_view name;
  DType dtype;
  Shape shape;
};

// The states whose roles are fixed, as the manifest implies them.
std::vector<RoleState> role_states(const DecoderManifest& decoder) {
  const std::int64_t batch = decoder.batch;
  std::vector<RoleState> states{{step::kPrompt, DType::i32, {batch, decoder.prefill_sizes.back()}},
                                {step::kValid, DType::i32, {batch}},
                                {step::kToken, DType::i32, {batch}},
                                {step::kPosition, DType::i32, {batch}},
                                {step::kDone, DType::i32, {batch}},
                                {step::kRing, DType::i32, {decoder.ring_rows, batch}},
                                {step::kCount, DType::i32, {1}}};
  if (decoder.sampler_vocabulary > 0)
    states.insert(states.end(),
                  {{sampler::kInverseTemperature, DType::f32, {batch, 1}},
                   {sampler::kTopK, DType::i32, {batch, 1}},
                   {sampler::kTopP, DType::f32, {batch, 1}},
                   {sampler::kLastRank, DType::i32, {batch, 1}},
                   {sampler::kPenalty, DType::f32, {batch, 1}},
                   {sampler::kSeed, DType::u32, {batch, 2}},
                   {sampler::kSeen, DType::boolean, {batch, decoder.sampler_vocabulary}}});
  return states;
}

void verify_role(const StateSpec& state, const RoleState& role) {
  if (state.dtype != role.dtype || state.shape != role.shape || state.growable)
    throw FormatError(kUnit, "the decoder's state '{}' is {}{}: expected {}{}", state.name,
                      name_of(state.dtype), state.shape.to_string(), name_of(role.dtype),
                      role.shape.to_string());
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

void verify_recurrent_state(const Program& program, const std::string& name) {
  const StateSpec* state = find_state(program, name);
  if (!state)
    throw FormatError(kUnit, "the decoder's recurrent state '{}' is no state of the program", name);
  if (state->growable)
    throw FormatError(kUnit, "the decoder's recurrent state '{}' is a growable state", name);
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
  for (const RoleState& role : role_states(*program.decoder))
    if (const StateSpec* state = find_state(program, role.name))
      verify_role(*state, role);
  for (const CacheManifest& cache : program.decoder->caches)
    verify_cache(program, cache);
  for (const std::string& name : program.decoder->recurrent_states)
    verify_recurrent_state(program, name);
}

void require_generation(const Program& program) {
  if (!program.decoder)
    throw FormatError(kUnit,
                      "it cannot generate: it is no decoder; save one with `ashlar compile`");
  for (const RoleState& role : role_states(*program.decoder))
    if (!find_state(program, role.name))
      throw FormatError(kUnit, "it cannot generate: it has no state '{}'", role.name);
  for (const std::int64_t size : program.decoder->prefill_sizes)
    require_entry(program, prefill_entry(size));
  require_entry(program, "decode");
}

std::string prefill_entry(std::int64_t tokens) {
  return fmt::format("prefill_{}", tokens);
}

}  // namespace ashlar
