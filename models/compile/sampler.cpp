// SPDX-License-Identifier: Apache-2.0
#include "models/compile/sampler.h"

#include "models/generate/sampler_values.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <bit>

namespace ashlar {
namespace {

// The weight of the most likely token, and how many of them 63 bits can sum.
constexpr double kLargestWeight = 0x1p44;
constexpr std::int64_t kLargestVocabulary = (std::int64_t{1} << 19) - 1;

// Rows that one kernel can go over many times are searched bit by bit. Longer ones are divided
// among workgroups, which costs a dependent kernel each time: there the digits are larger.
constexpr std::int64_t kShortRow = 8192;
constexpr int kLongRowDigit = 4;

Array rank_tokens(const Array& logits, const Array& inverse_temperature) {
  const Array largest = max(logits, -1, true);
  const Array nats = (largest - logits) * inverse_temperature;
  const Array rank = astype(clip(nats * kRanksPerNat, 1.0, kLastRank), DType::i32);
  return where(logits == largest, 0, rank);
}

// A pure function of the rank: equal ranks have equal weights.
Array weight_of(const Array& rank) {
  return astype(exp(astype(rank, DType::f32) * (-1 / kRanksPerNat)) * kLargestWeight, DType::u64);
}

Array total(const Array& values) {
  return sum(values, -1, true);
}

// Of the tokens in ascending order of `keys`: the key at which their weights reach the target.
struct Cut {
  Array key;    // [B, 1] i32
  Array below;  // [B, 1] u64: the weights of all smaller keys, less than the target
};

// keys [B, V] (i32, below 2^bits), weights [B, V] or [B, 1] (u64), target [B, 1] (u64).
Cut find_cut(const Array& keys, const Array& weights, const Array& target, int bits) {
  const int digit = keys.dim(-1) < kShortRow ? 1 : kLongRowDigit;
  Cut cut{zeros(target.shape(), DType::i32), zeros(target.shape(), DType::u64)};
  for (int shift = bits; shift > 0;) {
    const int width = std::min(digit, shift);
    shift -= width;
    const Array digits = arange(1, std::int64_t{1} << width);
    const Array bounds = cut.key + (digits << shift);
    const Array sums =
        sum(where(expand_dims(keys, 1) < expand_dims(bounds, 2), expand_dims(weights, 1), 0), -1);
    const Array missed = sums < target;
    cut.key = cut.key + (total(missed) << shift);
    cut.below = max(where(missed, sums, cut.below), -1, true);
  }
  return cut;
}

// ceil(x * f / 2^32) and floor of it, for x < 2^63 and f <= 2^32, without leaving 64 bits.
Array scale(const Array& x, const Array& factor, bool round_up) {
  constexpr std::int64_t kLow = 0xFFFFFFFF;
  const Array low = (x & kLow) * factor;
  return (x >> 32) * factor + ((round_up ? low + kLow : low) >> 32);
}

}  // namespace

Array penalize(const Array& logits, const Array& seen, const Array& penalty) {
  return where(seen, where(logits < 0.0, logits * penalty, logits / penalty), logits);
}

Array draw_tokens(const Array& logits, const SamplerInputs& inputs) {
  const std::int64_t vocabulary = logits.dim(-1);
  if (vocabulary > kLargestVocabulary)
    throw Unsupported("sampling",
                      "a vocabulary of {} tokens: expected at most {}; load the model "
                      "without sampling",
                      vocabulary, kLargestVocabulary);
  const Array rank = rank_tokens(logits, inputs.inverse_temperature);
  const Array weight = weight_of(rank);

  // The weight of the top k.
  const Array wanted = astype(inputs.top_k, DType::u64);
  const Array one = ones(wanted.shape(), DType::u64);
  const Cut kth = find_cut(rank, one, wanted, kRankBits);
  const Array above_kth = total(where(rank < kth.key, weight, 0));
  const Array top_k_weight = above_kth + (wanted - kth.below) * weight_of(kth.key);

  // Of these, the fewest that make up top-p; at least one.
  const Array factor = astype(inputs.top_p * 0x1p32, DType::u64);
  const Array wanted_weight = maximum(scale(top_k_weight, factor, true), 1);
  const Cut nucleus = find_cut(rank, weight, wanted_weight, kRankBits);
  const Array unit = weight_of(nucleus.key);  // of each token at the cut
  const Array missing = wanted_weight - nucleus.below;
  const Array nucleus_weight = nucleus.below + floor_divide(missing + unit - 1, unit) * unit;

  // Of these, what min-p leaves; either it or the nucleus is the shorter beginning.
  const Array is_likely = rank <= inputs.last_rank;
  const Array likely_weight = total(where(is_likely, weight, 0));
  const Array kept_weight = minimum(nucleus_weight, likely_weight);
  const Array above_cut = minimum(nucleus.below, likely_weight);

  // Draw: a token above the cut by its weight, or one of the equals at the cut.
  const Array drawn = scale(kept_weight, astype(inputs.random, DType::u64), false);
  const Array is_above = drawn < above_cut;
  const Array weights = where(is_above, where((rank < nucleus.key) & is_likely, weight, 0),
                              astype(rank == nucleus.key, DType::u64));
  const Array target = where(is_above, drawn, floor_divide(drawn - above_cut, unit)) + 1;
  const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(vocabulary - 1)));
  const Array index = broadcast_to(expand_dims(arange(vocabulary), 0), logits.shape());
  return minimum(squeeze(find_cut(index, weights, target, bits).key, 1), vocabulary - 1);
}

}  // namespace ashlar
