// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/regex.h"

#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/regex_syntax.h"
#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <new>
#include <optional>

namespace ashlar::tokenizer {
namespace {

constexpr std::size_t kMaxPatternBytes = 16 * 1024;

// PCRE2 limits the steps of backtracking at one position of the text; what an expression costs
// beyond that (scanning ahead at every position) shows only in time. So each position first gets a
// few steps, then more and more, and time is looked at in between.
constexpr std::uint32_t kFirstLimit = 1'000;
constexpr std::uint32_t kLimitGrowth = 4;
constexpr std::uint32_t kHeapLimitKib = 256 * 1024;

template <auto Free> struct Deleter {
  void operator()(auto* pointer) const { Free(pointer); }
};
using MatchData = std::unique_ptr<pcre2_match_data, Deleter<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Deleter<pcre2_match_context_free>>;
using CompileContext = std::unique_ptr<pcre2_compile_context, Deleter<pcre2_compile_context_free>>;

template <typename Pointer> Pointer checked(Pointer pointer) {
  if (!pointer)
    throw std::bad_alloc();
  return pointer;
}

std::string error_text(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(code, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

// One pass over one text. The pattern is compiled as anchored: positions are tried one by one.
class Search {
public:
  Search(const pcre2_code* code, std::string_view pattern, std::string_view text, WorkLimit& limit)
      : code_(code), pattern_(pattern), text_(text), work_(limit),
        data_(checked(pcre2_match_data_create(1, nullptr))),
        context_(checked(pcre2_match_context_create(nullptr))) {
    pcre2_set_heap_limit(context_.get(), kHeapLimitKib);
  }

  // First match at or behind `offset`.
  std::optional<Span> next(std::size_t offset) {
    for (; offset < text_.size(); offset += utf8_length(text_[offset]))
      if (const auto match = match_at(offset))
        return match;
    return match_at(text_.size());
  }

private:
  std::optional<Span> match_at(std::size_t offset) {
    work_.count_unit();
    std::uint32_t limit = kFirstLimit;
    int result = run(offset, limit, 0);
    while (result == PCRE2_ERROR_MATCHLIMIT && limit < UINT32_MAX / kLimitGrowth) {
      work_.check_time();
      limit *= kLimitGrowth;
      result = run(offset, limit, 0);
    }
    if (result == PCRE2_ERROR_NOMATCH)
      return std::nullopt;
    if (result < 0)
      fail(error_text(result));
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data_.get());
    // \K inside an assertion can move the beginning anywhere.
    if (range[0] < offset || range[1] < range[0])
      fail("matches backwards");
    return Span{range[0], range[1]};
  }

  int run(std::size_t offset, std::uint32_t limit, std::uint32_t extra_options) {
    pcre2_set_match_limit(context_.get(), limit);
    pcre2_set_depth_limit(context_.get(), limit);
    const int result =
        pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), offset,
                    PCRE2_NO_UTF_CHECK | extra_options, data_.get(), context_.get());
    // The interpreter keeps its stack on the heap.
    if (result == PCRE2_ERROR_JIT_STACKLIMIT)
      return run(offset, limit, PCRE2_NO_JIT);
    return result == PCRE2_ERROR_DEPTHLIMIT ? PCRE2_ERROR_MATCHLIMIT : result;
  }

  [[noreturn]] void fail(std::string_view why) const {
    throw Unsupported("tokenizer", "regular expression {} on a text of {} bytes: {}",
                      in_quotes(pattern_), text_.size(), why);
  }

  const pcre2_code* code_;
  std::string_view pattern_;
  std::string_view text_;
  WorkLimit& work_;
  MatchData data_;
  MatchContext context_;
};

}  // namespace

void Regex::CodeDeleter::operator()(pcre2_real_code_8* code) const {
  pcre2_code_free(code);
}

Regex::Regex(std::string_view pattern) : pattern_(pattern) {
  if (pattern.size() > kMaxPatternBytes)
    throw Unsupported("tokenizer", "regular expression of {} bytes: at most {} are supported",
                      pattern.size(), kMaxPatternBytes);
  const std::string translated = translate_regex(pattern);
  const CompileContext context(checked(pcre2_compile_context_create(nullptr)));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_bsr(context.get(), PCRE2_BSR_UNICODE);
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                            PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_ANCHORED |
                                PCRE2_NEVER_BACKSLASH_C,
                            &error, &offset, context.get()));
  if (!code_)
    throw FormatError("tokenizer", "regular expression {}: {}", in_quotes(pattern_),
                      error_text(error));
  // Where the platform has no JIT the interpreter does the work.
  pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);
}

std::vector<Span> Regex::find_all(std::string_view text, WorkLimit& limit) const {
  std::vector<Span> matches;
  Search search(code_.get(), pattern_, text, limit);
  std::size_t offset = 0;
  while (offset <= text.size() && !text.empty()) {
    const auto match = search.next(offset);
    if (!match)
      break;
    const bool touches_last =
        match->empty() && !matches.empty() && matches.back().end == match->end;
    if (touches_last) {
      offset += match->end < text.size() ? utf8_length(text[offset]) : 1;
      continue;
    }
    matches.push_back(*match);
    offset = match->end;
  }
  return matches;
}

}  // namespace ashlar::tokenizer
