// SPDX-License-Identifier: Apache-2.0
// What a Split or Replace looks for: `{"String": text}` or `{"Regex": expression}`. Thread-safe.
#pragma once

#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/regex.h"
#include "models/formats/tokenizer/span.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ashlar::tokenizer {

class Pattern {
public:
  explicit Pattern(std::string literal);
  explicit Pattern(Regex regex) : matcher_(std::move(regex)) {}

  // All matches from left to right, without overlap.
  std::vector<Span> find_all(std::string_view text, WorkLimit& limit) const;

private:
  std::variant<std::string, Regex> matcher_;
};

// `text` with the stretches `matches`, as find_all returns them, replaced by `content`.
std::string replace_spans(std::string_view text, const std::vector<Span>& matches,
                          std::string_view content, const WorkLimit& limit);

Pattern make_pattern(const JsonNode& node);

}  // namespace ashlar::tokenizer
