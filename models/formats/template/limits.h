// SPDX-License-Identifier: Apache-2.0
// What a template may consume. Templates are programs from untrusted files: every limit ends in a
// TemplateError, never in exhausted memory or an overrun stack.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ashlar {

struct TemplateLimits {
  std::size_t source_bytes = 256 << 10;
  // Nested statements and nested expressions of the source.
  int nesting = 200;
  // Expressions and statements in progress, through macros and recursive loops.
  int call_depth = 1000;
  // One step per expression or statement evaluated, and one per 16 bytes of text produced.
  std::int64_t steps = 10'000'000;
  // The rendering.
  std::size_t output_bytes = 16 << 20;
};

// Nested lists and mappings, in the input and as built by the template.
inline constexpr int kMaxTemplateValueDepth = 200;

// The values one value holds, at all levels together and counted as often as they are met.
inline constexpr std::int64_t kMaxTemplateValueWeight = 8 << 20;

// One string, and the items of one list, made on the way.
inline constexpr std::size_t kMaxTemplateTextBytes = 16 << 20;
inline constexpr std::size_t kMaxTemplateListItems = 1 << 20;

}  // namespace ashlar
