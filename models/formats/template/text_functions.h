// SPDX-License-Identifier: Apache-2.0
// The algorithms of Python's str methods, on UTF-8. Returned views point into the argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::jinja {

enum class Side { kLeft, kRight, kBoth };

// Removes the code points in `characters`, or whitespace, from the given ends.
std::string_view strip(std::string_view text, std::optional<std::string_view> characters,
                       Side side);

// At most `limit` cuts, any number when negative. Splitting at whitespace drops empty pieces;
// splitting at a separator, which must not be empty, keeps them. `from_right` makes the cuts from
// the end.
std::vector<std::string_view> split_whitespace(std::string_view text, std::int64_t limit,
                                               bool from_right);
std::vector<std::string_view> split(std::string_view text, std::string_view separator,
                                    std::int64_t limit, bool from_right);
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends);

// Replaces at most `limit` occurrences, all when negative. An empty `old` matches between code
// points.
std::string replace(std::string_view text, std::string_view old, std::string_view replacement,
                    std::int64_t limit);

std::size_t count_occurrences(std::string_view text, std::string_view part);

// Tabs become spaces up to the next multiple of `size`.
std::string expand_tabs(std::string_view text, std::int64_t size);

bool is_identifier(std::string_view text);

}  // namespace ashlar::jinja
