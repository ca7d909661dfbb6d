// SPDX-License-Identifier: Apache-2.0
#include "models/compile/encoder_program.h"

#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

namespace ashlar {
namespace {

// [B, T, H] in f32 to [B, H]; only the valid tokens count.
Array pool(const Array& hidden, const Array& valid, Pooling pooling) {
  if (pooling == Pooling::cls)
    return squeeze(hidden(Slice(), Slice(0, 1)), 1);
  const Array counts = expand_dims(arange(hidden.dim(1)), 0) < expand_dims(valid, 1);  // [B, T]
  const Array kept = where(expand_dims(counts, 2), hidden, 0.0);
  return sum(kept, 1) / expand_dims(maximum(valid, 1), 1).astype(DType::f32);
}

Array embedding_of(const Array& hidden, const Array& valid, const PoolingConfig& config) {
  Scope scope("pooling");
  const Array pooled = pool(hidden.astype(DType::f32), valid, config.pooling);
  if (!config.normalize)
    return pooled;
  return pooled / maximum(sqrt(sum(square(pooled), -1, true)), 1e-12);
}

Array rows_of(const Encoder& encoder, std::int64_t tokens, const EncoderProgramOptions& options) {
  const Shape shape{options.batch, tokens};
  const Array ids = entry_input("ids", DType::i32, shape);
  const Array types = entry_input("types", DType::i32, shape);
  const Array valid = entry_input("valid", DType::i32, {options.batch});
  const Array hidden = encoder.forward(ids, types, valid);
  switch (options.output) {
  case EncoderOutput::embedding:
    return embedding_of(hidden, valid, options.pooling);
  case EncoderOutput::scores:
    return encoder.classify(hidden);
  case EncoderOutput::hidden_states:
    return hidden.astype(DType::f32);
  }
  __builtin_unreachable();
}

}  // namespace

std::vector<EntryDefinition> encoder_entries(const EncoderConfig& config,
                                             const nn::Weights& weights,
                                             const EncoderProgramOptions& options) {
  const Encoder encoder(config, weights, options.dtype);
  std::vector<EntryDefinition> entries;
  for (const std::int64_t tokens : options.sizes)
    entries.push_back(
        {fmt::format("encode_{}", tokens),
         [=] { return std::vector<NamedArray>{{"rows", rows_of(encoder, tokens, options)}}; }});
  return entries;
}

}  // namespace ashlar
