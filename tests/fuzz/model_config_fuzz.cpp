// SPDX-License-Identifier: Apache-2.0
// Any config.json either gives a config whose sizes are usable, or ends in a typed error.
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
    expect(layer.kv_heads > 0 && config.attention_heads % layer.kv_heads == 0);
    expect(layer.head_dim > 0 && layer.intermediate_size > 0);
    expect(layer.attention == ashlar::AttentionKind::full || config.sliding_window > 0);
    for (const double frequency :
         ashlar::rope_inverse_frequencies(config.rope(layer.attention), layer.head_dim))
      expect(std::isfinite(frequency) && frequency >= 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    check(ashlar::parse_model_config(ashlar::parse_json(text, "input"), "input"));
  } catch (const ashlar::FormatError&) {
  } catch (const ashlar::Unsupported&) {
  }
  return 0;
}
