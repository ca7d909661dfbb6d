// SPDX-License-Identifier: Apache-2.0
// A tokenizer.json, a NUL, a text. Loading, encoding and decoding either work or end in a typed
// error; what is decoded is UTF-8, and decoding id by id gives the same.
#include "models/formats/tokenizer/streaming_detokenizer.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

void require(bool condition) {
  if (!condition)
    std::abort();
}

void decode_both_ways(const ashlar::Tokenizer& tokenizer, const std::vector<std::int32_t>& ids,
                      bool skip_special) {
  ashlar::StreamingDetokenizer stream(tokenizer, skip_special);
  std::string text;
  for (const std::int32_t id : ids) {
    const std::string piece = stream.push(id);
    require(!ashlar::tokenizer::find_invalid_utf8(piece));
    text += piece;
  }
  text += stream.flush();
  require(text == tokenizer.decode(ids, skip_special));
}

void use(const ashlar::Tokenizer& tokenizer, std::string_view text) {
  const auto ids = tokenizer.encode(text, true);
  for (const std::int32_t id : ids)
    require(id >= 0);
  decode_both_ways(tokenizer, ids, false);
  decode_both_ways(tokenizer, ids, true);
  // The bytes of the text are as good a list of ids as any other.
  decode_both_ways(tokenizer, {text.begin(), text.end()}, false);
  const auto pair = tokenizer.encode_pair(text, "b", true);
  require(pair.ids.size() == pair.type_ids.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t json_size = std::min(input.find('\0'), size);
  const std::string_view text = json_size < size ? input.substr(json_size + 1) : "a <s> b";
  try {
    use(ashlar::Tokenizer::from_json(input.substr(0, json_size)), text);
  } catch (const ashlar::FormatError&) {
  } catch (const ashlar::Unsupported&) {
  } catch (const ashlar::InvalidArgument&) {
  }
  return 0;
}
