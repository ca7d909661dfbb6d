// SPDX-License-Identifier: Apache-2.0
#include "models/compile/decoder_program.h"

#include "runtime/array/ops.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

State step_state(std::string_view name, const Shape& shape, Residency residency = Residency::step) {
  return State(std::string(name), DType::i32, shape, residency);
}

DecoderProgramOptions checked(DecoderProgramOptions options) {
  const bool sorted = std::ranges::is_sorted(options.prefill_sizes);
  if (options.prefill_sizes.empty() || !sorted || options.prefill_sizes.front() < 1)
    throw InvalidArgument("generate", "prefill sizes must be positive and ascending");
  if (options.batch < 1 || options.ring_rows < 1)
    throw InvalidArgument("generate", "batch and ring rows must be positive, got {} and {}",
                          options.batch, options.ring_rows);
  return options;
}

std::vector<LayerState> make_layer_states(const ModelConfig& config,
                                          const DecoderProgramOptions& options) {
  std::vector<LayerState> states;
  for (std::int64_t layer = 0; layer < static_cast<std::int64_t>(config.layers.size()); ++layer)
    states.push_back(make_layer_state(config, layer, options.batch, options.prefill_sizes.back(),
                                      options.dtype));
  return states;
}

}  // namespace

DecoderProgram::DecoderProgram(const ModelConfig& config, nn::Weights weights,
                               DecoderProgramOptions options)
    : config_(config), weights_(std::move(weights)), options_(checked(std::move(options))),
      layer_states_(make_layer_states(config_, options_)),
      prompt_(step_state(step::kPrompt, {options_.batch, max_chunk()})),
      valid_(step_state(step::kValid, {options_.batch})),
      token_(step_state(step::kToken, {options_.batch})),
      position_(step_state(step::kPosition, {options_.batch})),
      done_(step_state(step::kDone, {options_.batch})),
      ring_(step_state(step::kRing, {options_.ring_rows, options_.batch}, Residency::ring)),
      count_(step_state(step::kCount, {1})) {
  if (options_.sampling)
    sampler_.emplace(options_.batch, config_.vocab_size);
}

nn::TokenRange DecoderProgram::prefill_range() const {
  return {position_.read(), valid_.read()};
}

void DecoderProgram::prefill(std::int64_t tokens) const {
  const nn::TokenRange range = prefill_range();
  decoder().forward(prompt_.read()(Slice(), Slice(0, tokens)), range);
  position_.update(range.position + range.valid);
}

Array DecoderProgram::is_stop(const Array& token) const {
  const std::vector<std::int32_t>& stops = options_.stop_tokens;
  if (stops.empty())
    return zeros(token.shape(), DType::boolean);
  const Array set =
      array(std::span<const std::int32_t>(stops), {1, static_cast<std::int64_t>(stops.size())});
  return any(expand_dims(token, 1) == set, 1);
}

Array DecoderProgram::choose(const Array& logits, const Array& token, const Array& position) const {
  return sampler_ ? sampler_->choose(logits, token, position) : argmax(logits, -1);
}

void DecoderProgram::decode() const {
  const Array token = token_.read(), position = position_.read(), done = done_.read(),
              count = count_.read();
  const Array active = where(done == 0, 1, 0);
  Decoder model = decoder();
  const Array hidden = model.forward(expand_dims(token, 1), {position, active});
  Scope scope("sampler");
  const Array chosen = choose(model.head(squeeze(hidden, 1)), token, position);
  const Array next = where(done == 0, chosen, token);
  ring_.update(scatter(ring_.read(), count, expand_dims(where(done == 0, chosen, kNoToken), 0), 0));
  token_.update(next);
  position_.update(position + active);
  done_.update(where(is_stop(next), 1, done));
  count_.update(count + 1);
}

DecoderManifest DecoderProgram::manifest() const {
  DecoderManifest manifest{.config_hash = config_.hash,
                           .batch = options_.batch,
                           .max_positions = config_.max_positions,
                           .window = config_.sliding_window,
                           .ring_rows = options_.ring_rows,
                           .prefill_sizes = options_.prefill_sizes,
                           .sampler_vocabulary = sampler_ ? config_.vocab_size : 0,
                           .stop_tokens = options_.stop_tokens,
                           .caches = {},
                           .recurrent_states = {}};
  for (const LayerState& layer : layer_states_) {
    if (const auto* cache = std::get_if<nn::KvCache>(&layer))
      for (const State* state : {&cache->key, &cache->value})
        manifest.caches.push_back({state->name(), cache->ring});
    if (const auto* recurrent = std::get_if<nn::RecurrentState>(&layer))
      for (const State* state : {&recurrent->conv, &recurrent->memory})
        manifest.recurrent_states.push_back(state->name());
  }
  return manifest;
}

std::vector<EntryDefinition> DecoderProgram::generation_entries() const {
  std::vector<EntryDefinition> entries;
  for (std::int64_t tokens : options_.prefill_sizes)
    entries.push_back({prefill_entry(tokens), [this, tokens] {
                         prefill(tokens);
                         return std::vector<NamedArray>{};
                       }});
  entries.push_back({"decode", [this] {
                       decode();
                       return std::vector<NamedArray>{};
                     }});
  return entries;
}

EntryDefinition DecoderProgram::logits_entry(std::int64_t tokens, bool hidden_states) const {
  return {fmt::format("logits_{}", tokens), [this, tokens, hidden_states] {
            const nn::TokenRange range = prefill_range();
            Decoder model = decoder();
            Decoder::HiddenStates hidden;
            const Array last =
                model.forward(prompt_.read()(Slice(), Slice(0, tokens)), range, &hidden);
            position_.update(range.position + range.valid);
            std::vector<NamedArray> outputs{{"logits", model.head(last)}};
            for (std::size_t i = 0; hidden_states && i < hidden.size(); ++i)
              outputs.push_back({fmt::format("hidden_states.{}", i), hidden[i]});
            return outputs;
          }};
}

}  // namespace ashlar
