// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/text_functions.h"

#include "models/formats/template/text_builder.h"
#include "models/formats/template/unicode.h"

#include <algorithm>
#include <limits>

namespace ashlar::jinja {

namespace {

std::size_t previous_start(std::string_view text, std::size_t end) {
  do
    --end;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  return end;
}

std::size_t cut_limit(std::int64_t limit) {
  return limit < 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(limit);
}

bool is_line_end(char32_t c) {
  return (c >= 10 && c <= 13) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

// The maximal runs of code points that are not whitespace.
std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> result;
  std::size_t word = std::string_view::npos;
  for (std::size_t position = 0; position < text.size();) {
    std::size_t start = position;
    bool space = is_space(next_code_point(text, position));
    if (space && word != std::string_view::npos) {
      result.push_back(text.substr(word, start - word));
      word = std::string_view::npos;
    } else if (!space && word == std::string_view::npos) {
      word = start;
    }
  }
  if (word != std::string_view::npos)
    result.push_back(text.substr(word));
  return result;
}

}  // namespace

std::string_view strip(std::string_view text, std::optional<std::string_view> characters,
                       Side side) {
  std::u32string set = characters ? to_utf32(*characters) : std::u32string();
  auto removed = [&](char32_t c) {
    return characters ? set.find(c) != std::u32string::npos : is_space(c);
  };
  std::size_t start = 0;
  std::size_t end = text.size();
  while (side != Side::kRight && start < end) {
    std::size_t next = start;
    if (!removed(next_code_point(text, next)))
      break;
    start = next;
  }
  while (side != Side::kLeft && end > start) {
    std::size_t last = previous_start(text, end);
    std::size_t position = last;
    if (!removed(next_code_point(text, position)))
      break;
    end = last;
  }
  return text.substr(start, end - start);
}

std::vector<std::string_view> split_whitespace(std::string_view text, std::int64_t limit,
                                               bool from_right) {
  std::vector<std::string_view> pieces = words(text);
  std::size_t cuts = cut_limit(limit);
  if (pieces.size() <= cuts)
    return pieces;
  const char* begin = text.data();
  if (from_right) {
    // The words before the last `cuts` stay together, with the space before them.
    std::size_t joined = pieces.size() - cuts;
    const std::string_view& last = pieces[joined - 1];
    auto size = static_cast<std::size_t>(last.data() + last.size() - begin);
    std::vector<std::string_view> result{strip(text.substr(0, size), std::nullopt, Side::kRight)};
    result.insert(result.end(), pieces.begin() + static_cast<std::ptrdiff_t>(joined), pieces.end());
    return result;
  }
  auto rest = static_cast<std::size_t>(pieces[cuts].data() - begin);
  pieces.resize(cuts);
  pieces.push_back(text.substr(rest));
  return pieces;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator,
                                    std::int64_t limit, bool from_right) {
  std::vector<std::string_view> result;
  std::size_t cuts = cut_limit(limit);
  while (result.size() < cuts) {
    std::size_t at = from_right ? text.rfind(separator) : text.find(separator);
    if (at == std::string_view::npos)
      break;
    std::size_t behind = at + separator.size();
    result.push_back(from_right ? text.substr(behind) : text.substr(0, at));
    text = from_right ? text.substr(0, at) : text.substr(behind);
  }
  result.push_back(text);
  if (from_right)
    std::ranges::reverse(result);
  return result;
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  std::size_t line = 0;
  for (std::size_t position = 0; position < text.size();) {
    std::size_t end = position;
    char32_t c = next_code_point(text, position);
    if (!is_line_end(c))
      continue;
    if (c == '\r' && position < text.size() && text[position] == '\n')
      ++position;
    lines.push_back(text.substr(line, (keep_ends ? position : end) - line));
    line = position;
  }
  if (line < text.size())
    lines.push_back(text.substr(line));
  return lines;
}

std::string replace(std::string_view text, std::string_view old, std::string_view replacement,
                    std::int64_t limit) {
  std::size_t left = cut_limit(limit);
  TextBuilder out;
  std::size_t position = 0;
  if (old.empty()) {
    for (; left > 0; --left) {
      out.append(replacement);
      if (position == text.size())
        return out.take();
      std::size_t start = position;
      next_code_point(text, position);
      out.append(text.substr(start, position - start));
    }
    return out.append(text.substr(position)).take();
  }
  for (; left > 0; --left) {
    std::size_t at = text.find(old, position);
    if (at == std::string_view::npos)
      break;
    out.append(text.substr(position, at - position)).append(replacement);
    position = at + old.size();
  }
  return out.append(text.substr(position)).take();
}

std::size_t count_occurrences(std::string_view text, std::string_view part) {
  if (part.empty())
    return count_code_points(text) + 1;
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++count;
  return count;
}

std::string expand_tabs(std::string_view text, std::int64_t size) {
  TextBuilder out;
  std::int64_t column = 0;
  for (std::size_t position = 0; position < text.size();) {
    std::size_t start = position;
    char32_t c = next_code_point(text, position);
    if (c == '\t') {
      std::int64_t width = size > 0 ? size - column % size : 0;
      out.append(static_cast<std::size_t>(width), " ");
      column += width;
      continue;
    }
    out.append(text.substr(start, position - start));
    column = c == '\n' || c == '\r' ? 0 : column + 1;
  }
  return out.take();
}

bool is_identifier(std::string_view text) {
  for (std::size_t position = 0; position < text.size();) {
    bool first = position == 0;
    char32_t c = next_code_point(text, position);
    if (!(first ? is_identifier_start(c) : is_identifier_part(c)))
      return false;
  }
  return !text.empty();
}

}  // namespace ashlar::jinja
