// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/texels.h"

#include "runtime/program/program.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr auto kBytes = static_cast<std::int64_t>(kTexelBytes);

Values texel(KernelBuilder& b, unsigned buffer, Value at) {
  Value words = b.make<kernel::TexelOp>(VectorType::get({4}, b.getI32Type()),
                                        b.getI64IntegerAttr(*b.texel_binding(buffer)), at);
  Values values;
  for (std::int64_t i = 0; i < 4; ++i)
    values.push_back(b.make<vector::ExtractOp>(words, i));
  return values;
}

// Part `number` of equal parts of the words: half of them each time.
Values pick_part(KernelBuilder& b, Values words, std::size_t parts, Value number) {
  for (; parts > 1; parts /= 2) {
    const std::size_t half = words.size() / 2, own = parts / 2;
    const Value first =
        b.less(b.rem(number, static_cast<std::int64_t>(parts)), static_cast<std::int64_t>(own));
    for (std::size_t i = 0; i < half; ++i)
      words[i] = b.select(first, words[i], words[half + i]);
    words.truncate(half);
  }
  return words;
}

}  // namespace

Values load_texel_words(KernelBuilder& b, unsigned buffer, Value at, std::int64_t bytes) {
  if (bytes < kBytes)
    return pick_part(b, texel(b, buffer, b.div(at, kBytes / bytes)),
                     static_cast<std::size_t>(kBytes / bytes), at);
  Values words;
  for (std::int64_t i = 0; i < bytes / kBytes; ++i)
    words.append(texel(b, buffer, b.add(b.mul(at, bytes / kBytes), i)));
  return words;
}

}  // namespace ashlar::codegen
