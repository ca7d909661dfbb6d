// SPDX-License-Identifier: Apache-2.0
// Configs in few words, for tests.
#pragma once

#include "models/formats/json_file.h"
#include "models/formats/model_config.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace ashlar::test {

inline constexpr AttentionKind F = AttentionKind::full;
inline constexpr AttentionKind S = AttentionKind::sliding;
using Layers = std::vector<AttentionKind>;

inline Layers kinds(const ModelConfig& config) {
  Layers kinds;
  for (const LayerConfig& layer : config.layers)
    kinds.push_back(layer.attention);
  return kinds;
}

inline ModelConfig golden(const std::string& family) {
  return read_model_config(ASHLAR_TEST_DATA "/goldens/families/" + family);
}

inline ModelConfig parse(std::string_view text) {
  return parse_model_config(parse_json(text, "f"), "config.json");
}

// A config of this type with a few small sizes and then `more` fields.
inline ModelConfig small(const std::string& type, const std::string& more = "") {
  return parse(R"({"model_type":")" + type + R"(","hidden_size":64,"num_attention_heads":4,)" +
               R"("num_key_value_heads":2,"num_hidden_layers":4)" + (more.empty() ? "" : ",") +
               more + "}");
}

inline std::string format_error(const std::string& type, const std::string& more) {
  return message_of<FormatError>([&] { small(type, more); });
}

inline std::string unsupported(const std::string& type, const std::string& more) {
  return message_of<Unsupported>([&] { small(type, more); });
}

}  // namespace ashlar::test
