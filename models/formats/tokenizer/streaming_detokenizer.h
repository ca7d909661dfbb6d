// SPDX-License-Identifier: Apache-2.0
// Decodes ids one at a time, for output while a model still generates. The pieces joined, with the
// flush, are exactly Tokenizer::decode of all ids, and every piece is whole characters. Text comes
// as soon as no later id can change it: an unfinished character waits, as does a run of
// byte-fallback tokens, whose meaning the format settles at its end. One object serves one thread.
#pragma once

#include "models/formats/tokenizer/tokenizer.h"

#include <cstdint>
#include <memory>
#include <string>

namespace ashlar {

class StreamingDetokenizer {
public:
  StreamingDetokenizer(const Tokenizer& tokenizer, bool skip_special_tokens);
  ~StreamingDetokenizer();
  StreamingDetokenizer(StreamingDetokenizer&&) noexcept;
  StreamingDetokenizer& operator=(StreamingDetokenizer&&) noexcept;

  // The text that became certain with `id`, often empty.
  std::string push(std::int32_t id);

  // The rest of the text. The next push starts a new one.
  std::string flush();

private:
  class Text;

  void open();

  Tokenizer tokenizer_;
  bool skips_special_tokens_;
  std::unique_ptr<Text> text_;
};

}  // namespace ashlar
