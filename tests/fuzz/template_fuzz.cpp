// SPDX-License-Identifier: Apache-2.0
// Any bytes either render as a template, to the same text each time, or end in a typed error.
#include "models/formats/template/template.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using Json = nlohmann::ordered_json;

// Small enough for a thousand runs per second, large enough to cross.
constexpr ashlar::TemplateLimits kLimits = {
    .source_bytes = 16 << 10, .steps = 50'000, .output_bytes = 1 << 20};

const Json& variables() {
  static const Json kVariables = Json::parse(R"({
      "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "žluť 日本 🎉 <b>&'\"</b>\n\n x "},
        {"role": "assistant", "content": "<think>\nwhy\n</think>\n\nHello", "tool_calls": [
          {"id": "call00001", "function": {"name": "f", "arguments": {"a": [1, 2.5, null]}}}]},
        {"role": "tool", "name": "f", "content": "{\"a\": true}"}],
      "tools": [{"type": "function", "function": {"name": "f", "parameters": {
          "type": "object", "properties": {"a": {"type": "array"}}, "required": ["a"]}}}],
      "add_generation_prompt": true, "bos_token": "<s>", "eos_token": "</s>",
      "n": 7, "f": 2.5, "s": "Hello World", "t": true, "none_value": null, "empty": "",
      "words": ["delta", "Alpha", "charlie"], "numbers": [3, 1, 2], "u": "ß日本",
      "d": {"b": 1, "A": 2, "c": [1, {"k": null}], "items": "shadowed"}})");
  return kVariables;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const ashlar::CivilTime now = ashlar::parse_civil_time("2026-01-15T12:30:00");
  try {
    const auto parsed = ashlar::Template::parse(source, kLimits);
    const std::string text = parsed.render(variables(), now);
    if (parsed.render(variables(), now) != text)
      std::abort();
  } catch (const ashlar::TemplateError&) {
  } catch (const ashlar::Unsupported&) {
  }
  return 0;
}
