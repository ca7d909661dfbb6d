// SPDX-License-Identifier: Apache-2.0
#include "models/formats/json_file.h"

#include "models/formats/json_events.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ashlar {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kUnit = "json";

// Builds the tree from parser events. The library's own builder keeps the last of repeated keys and
// nests without limit.
class TreeBuilder : public JsonEvents {
public:
  TreeBuilder(std::string_view file, int max_depth)
      : JsonEvents(kUnit, file), file_(file), max_depth_(max_depth) {}

  Json take() { return std::move(root_); }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t& value) { return add(std::move(value)); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& key) {
    const auto [slot, inserted] = open_.back()->get_ref<Json::object_t&>().emplace(key, nullptr);
    if (!inserted)
      throw FormatError(kUnit, "{}: key {} appears twice in one object", file_, in_quotes(key));
    slot_ = &slot->second;
    return true;
  }

private:
  // Puts a value where the last key or the open array wants it. Pointers into a parent stay good
  // while a child is open: only the innermost container grows.
  Json* place(Json value) {
    if (open_.empty())
      return &(root_ = std::move(value));
    Json& parent = *open_.back();
    if (parent.is_object())
      return &(*slot_ = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }

  bool add(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (open_.size() == static_cast<std::size_t>(max_depth_))
      throw FormatError(kUnit, "{} nests too deeply: expected at most {} levels", file_,
                        max_depth_);
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view file_;
  int max_depth_;
  Json root_;
  std::vector<Json*> open_;
  Json* slot_ = nullptr;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view file, JsonLimits limits) {
  if (text.size() > limits.max_bytes)
    throw FormatError(kUnit, "{} is too large: expected at most {} bytes, got {}", file,
                      limits.max_bytes, text.size());
  TreeBuilder builder(file, limits.max_depth);
  parse_json_events(text, builder);
  return builder.take();
}

std::string infinities_as_null(std::string text) {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"')
      quoted = !quoted;
    else if (quoted && text[at] == '\\')
      ++at;
    for (const std::string_view word : {"Infinity", "-Infinity"})
      if (!quoted && std::string_view(text).substr(at).starts_with(word))
        text.replace(at, word.size(), "null");
  }
  return text;
}

Json read_json_file(const std::filesystem::path& path, JsonLimits limits) {
  const std::string text = read_file(path, limits.max_bytes, kUnit);
  return parse_json(text, in_quotes(path.native()), limits);
}

}  // namespace ashlar
