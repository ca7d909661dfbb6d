// SPDX-License-Identifier: Apache-2.0
// Small tokenizers for tests.
#pragma once

#include "models/formats/tokenizer/tokenizer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

namespace ashlar::test {

using Json = nlohmann::json;

inline Json read_json(const std::string& name) {
  std::ifstream file(std::string(ASHLAR_TEST_DATA) + "/tokenizers/" + name);
  EXPECT_TRUE(file) << name;
  return Json::parse(file);
}

inline Tokenizer load(const Json& description) {
  return Tokenizer::from_json(description.dump());
}

// A description whose model writes every piece as its bytes and ends it with "|".
inline Json byte_description() {
  Json vocab = Json::object();
  for (int byte = 0; byte < 256; ++byte) {
    char token[8];
    std::snprintf(token, sizeof token, "<0x%02X>", byte);
    vocab[token] = byte;
  }
  return {{"version", "1.0"},
          {"model",
           {{"type", "BPE"},
            {"vocab", vocab},
            {"merges", Json::array()},
            {"byte_fallback", true},
            {"end_of_word_suffix", "|"}}}};
}

// What the byte model makes of `text`, as a string; added tokens show as `{id}`.
inline std::string shown(const Tokenizer& tokenizer, std::string_view text) {
  std::string result;
  for (const auto id : tokenizer.encode(text, true))
    result += id < 256 ? std::string(1, static_cast<char>(id)) : "{" + std::to_string(id) + "}";
  return result;
}

inline std::string shown(std::string_view part, const Json& value, std::string_view text) {
  Json description = byte_description();
  description[std::string(part)] = value;
  return shown(load(description), text);
}

// Runs `action` and returns the message of the `ErrorType` it must throw.
template <typename ErrorType, typename Action> std::string message_of(Action action) {
  try {
    action();
  } catch (const ErrorType& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

template <typename ErrorType> std::string load_error(const Json& description) {
  return message_of<ErrorType>([&] { load(description); });
}

}  // namespace ashlar::test
