// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/metaspace.h"

namespace ashlar::tokenizer {
namespace {

PrependScheme parse_scheme(const JsonNode& node) {
  const std::string& name = node.as_string();
  if (name == "always")
    return PrependScheme::kAlways;
  if (name == "first")
    return PrependScheme::kFirst;
  if (name == "never")
    return PrependScheme::kNever;
  node.fail("\"always\", \"first\" or \"never\"");
}

}  // namespace

MetaspaceOptions parse_metaspace(const JsonNode& node) {
  MetaspaceOptions options;
  if (const auto replacement = node.find("replacement"))
    options.replacement = replacement->as_character();
  const auto scheme = node.find("prepend_scheme");
  if (scheme)
    options.scheme = parse_scheme(*scheme);
  // Older files know only this switch; it cannot contradict the scheme.
  if (!node.bool_or("add_prefix_space", true)) {
    if (scheme && options.scheme != PrependScheme::kNever)
      node.reject("\"add_prefix_space\" contradicts \"prepend_scheme\"");
    options.scheme = PrependScheme::kNever;
  }
  return options;
}

}  // namespace ashlar::tokenizer
