// SPDX-License-Identifier: Apache-2.0
// Any config.json either gives a config whose sizes are usable, or ends in a typed error.
#include "models/formats/encoder_config.h"
#include "models/formats/json_file.h"
#include "models/formats/model_config.h"
#include "runtime/program/error.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void expect(bool holds) {
  if (!holds)
    std::abort();
}

void check(const ashlar::ModelConfig& config) {
  expect(!config.layers.empty());
  expect(config.vocab_size > 0 && config.hidden_size > 0);
  for (const ashlar::LayerConfig& layer : config.layers) {
    if (layer.mixer != ashlar::TokenMixer::attention) {
      expect(config.recurrence && config.recurrence->groups > 0);
      expect(config.recurrence->heads % config.recurrence->groups == 0);
      continue;
    }
    expect(layer.kv_heads > 0 && config.attention_heads % layer.kv_heads == 0);
    expect(layer.head_dim > 0 && layer.intermediate_size > 0);
    expect(!layer.kv_source || &config.layers[static_cast<std::size_t>(*layer.kv_source)] < &layer);
    expect(layer.attention == ashlar::AttentionKind::full || config.sliding_window > 0);
    for (const double frequency :
         ashlar::rope_inverse_frequencies(config.rope(layer.attention), layer.head_dim))
      expect(std::isfinite(frequency) && frequency >= 0);
  }
}

void check(const ashlar::EncoderConfig& config) {
  expect(config.vocab_size > 0 && config.hidden_size > 0 && config.intermediate_size > 0);
  expect(config.layers > 0 && config.max_positions > 0 && config.token_types > 0);
  expect(config.attention_heads > 0 && config.hidden_size % config.attention_heads == 0);
  expect(config.norm_epsilon > 0 && config.labels >= 0);
}

template <typename Parse> void expect_value_or_typed_error(const Parse& parse) {
  try {
    check(parse());
  } catch (const ashlar::FormatError&) {
  } catch (const ashlar::Unsupported&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expect_value_or_typed_error(
      [&] { return ashlar::parse_model_config(ashlar::parse_json(text, "input"), "input"); });
  expect_value_or_typed_error(
      [&] { return ashlar::parse_encoder_config(ashlar::parse_json(text, "input"), "input"); });
  return 0;
}
