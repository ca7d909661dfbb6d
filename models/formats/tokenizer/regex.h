// SPDX-License-Identifier: Apache-2.0
// Regular expressions of tokenizer.json, run by PCRE2. A regex is immutable and
// thread-safe.
#pragma once

#include "models/formats/tokenizer/span.h"
#include "models/formats/tokenizer/work_limit.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;

namespace ashlar::tokenizer {

class Regex {
public:
  // `pattern` is in the syntax of Oniguruma (see regex_syntax.h). Throws FormatError, Unsupported.
  explicit Regex(std::string_view pattern);

  // All matches in `text` (valid UTF-8) from left to right, without overlap. An empty match is
  // reported unless it touches the match before it; an empty text has no matches. Throws
  // Unsupported if that exceeds `limit`.
  std::vector<Span> find_all(std::string_view text, WorkLimit& limit) const;

private:
  struct CodeDeleter {
    void operator()(pcre2_real_code_8* code) const;
  };

  std::string pattern_;
  std::unique_ptr<pcre2_real_code_8, CodeDeleter> code_;
};

}  // namespace ashlar::tokenizer
