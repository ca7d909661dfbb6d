// SPDX-License-Identifier: Apache-2.0
#include "models/nn/recurrence.h"

#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

#include <bit>

namespace ashlar::nn {
namespace {

// Tokens of a chunk: longer ones cost more arithmetic, shorter ones more steps in a row.
constexpr std::int64_t kChunk = 32;

struct Extents {
  explicit Extents(const RecurrenceInputs& inputs)
      : batch(inputs.value.dim(0)), tokens(inputs.value.dim(1)), groups(inputs.key.dim(2)),
        shared(inputs.value.dim(2) / groups), key(inputs.key.dim(3)), value(inputs.value.dim(3)) {}

  std::int64_t batch, tokens, groups;
  std::int64_t shared;  // heads of a group
  std::int64_t key, value;
};

// Queries or keys [..., K] as the memory sees them.
Array seen(const Array& x, bool normalised) {
  const Array wide = x.astype(DType::f32);
  if (!normalised)
    return wide;
  return (wide * rsqrt(sum(square(wide), -1, true) + 1e-6)).astype(x.dtype()).astype(DType::f32);
}

// One token, with every operand as [B, G, heads of a group, V, K] or 1. Each row of a memory
// divides query and key by their lengths for itself, so that one kernel computes all of the step.
RecurrenceResult step(const RecurrenceInputs& inputs, const Array& memory, UpdateRule rule) {
  const Extents n(inputs);
  const auto of_group = [&](const Array& x) {
    return seen(broadcast_to(reshape(x, {n.batch, n.groups, 1, 1, n.key}), memory.shape()),
                inputs.normalised);
  };
  const auto of_head = [&](const Array& x, std::int64_t width) {
    return reshape(x, {n.batch, n.groups, n.shared, width, 1});
  };
  const Array key = of_group(inputs.key);
  const Array kept = memory * exp(of_head(inputs.log_decay, 1));
  Array change = of_head(inputs.value, n.value);
  if (rule == UpdateRule::delta)
    change = change - sum(kept * key, -1, true);
  const Array next = kept + of_head(inputs.rate, 1) * change * key;
  const Array output = sum(next * of_group(inputs.query), -1);
  return {reshape(output, {n.batch, 1, n.groups * n.shared, n.value}), next};
}

// The inverse of I + a for strictly lower triangular a [..., C, C], C a power of two: the inverses
// of blocks on the diagonal, of twice the size in each turn.
Array inverse_of_unit_lower(const Array& a) {
  const std::int64_t size = a.dim(-1);
  const Array row = expand_dims(arange(size), 1), column = expand_dims(arange(size), 0);
  Array inverse = broadcast_to(identity(size), a.shape());
  for (std::int64_t block = 1; block < size; block *= 2) {
    const std::int64_t pair = 2 * block;
    const Array between = (floor_divide(row, pair) == floor_divide(column, pair)) &
                          (row % pair >= block) & (column % pair < block);
    const Array coupling = where(between, a, 0.0F);
    inverse =
        block == 1 ? inverse - coupling : inverse - matmul(matmul(inverse, coupling), inverse);
  }
  return inverse;
}

// The chunked form. Inside a chunk, with the decay from its start to token i summed up in
// `total[i]` and the memory S before it, the changes d of all tokens solve
//   d[i] + rate[i] * sum over j < i of exp(total[i] - total[j]) (key[i] . key[j]) d[j]
//     = rate[i] * (value[i] - exp(total[i]) S key[i])
// (additive: d = rate * value). Then outputs and the next memory are sums over d.
// Operands are [B, G, heads of a group, chunks, C, ...].
class Chunks {
public:
  Chunks(const RecurrenceInputs& inputs, UpdateRule rule)
      : n_(inputs), rule_(rule),
        length_(std::min<std::int64_t>(kChunk, static_cast<std::int64_t>(std::bit_ceil(
                                                   static_cast<std::uint64_t>(n_.tokens))))),
        count_((n_.tokens + length_ - 1) / length_),
        query_(of_group(seen(inputs.query, inputs.normalised))),
        key_(of_group(seen(inputs.key, inputs.normalised))), value_(of_head(inputs.value)),
        rate_(scalars(inputs.rate)), total_(cumsum(scalars(inputs.log_decay), -2)) {}

  RecurrenceResult run(const Array& memory) const {
    const Array row = expand_dims(arange(length_), 1), column = expand_dims(arange(length_), 0);
    const Array since = exp(minimum(total_ - swapaxes(total_, -1, -2), 0.0F));
    const Array decay = where(row >= column, since, 0.0F);
    const Array last = total_(kEllipsis, Slice(length_ - 1, length_), Slice());
    const Array late_key = key_ * exp(last - total_);

    Array wanted = rate_ * value_, recalled = rate_ * exp(total_) * key_;
    if (rule_ == UpdateRule::delta) {
      const Array likeness = matmul(key_, swapaxes(key_, -1, -2));
      const Array inverse =
          inverse_of_unit_lower(where(row > column, rate_ * decay * likeness, 0.0F));
      wanted = matmul(inverse, wanted);
      recalled = matmul(inverse, recalled);
    }

    Array now = memory;
    std::vector<Array> before, changes;
    for (std::int64_t i = 0; i < count_; ++i) {
      before.push_back(now);
      Array change = chunk(wanted, i);
      if (rule_ == UpdateRule::delta)
        change = change - matmul(chunk(recalled, i), swapaxes(now, -1, -2));
      changes.push_back(change);
      now = now * exp(chunk(last, i)) + matmul(swapaxes(change, -1, -2), chunk(late_key, i));
    }
    const Array attended = matmul(query_, swapaxes(key_, -1, -2)) * decay;
    const Array output = matmul(query_ * exp(total_), swapaxes(stack(before, 3), -1, -2)) +
                         matmul(attended, stack(changes, 3));
    return {in_order(output), now};
  }

private:
  // [B, T, ...] to [B, chunks, C, ...]; tokens that fill the last chunk change nothing.
  Array cut(const Array& x) const {
    std::vector<std::int64_t> fill(static_cast<std::size_t>(x.rank()), 0);
    const std::vector<std::int64_t> none = fill;
    fill[1] = count_ * length_ - n_.tokens;
    return unflatten(fill[1] == 0 ? x : pad(x, none, fill), 1, {count_, length_});
  }

  Array of_group(const Array& x) const {
    return expand_dims(transpose(cut(x), {0, 3, 1, 2, 4}), 2);
  }
  Array of_head(const Array& x) const {
    return transpose(unflatten(cut(x), 3, {n_.groups, n_.shared}), {0, 3, 4, 1, 2, 5});
  }
  Array scalars(const Array& x) const { return of_head(expand_dims(x, -1)); }

  static Array chunk(const Array& x, std::int64_t i) {
    return squeeze(x(Slice(), Slice(), Slice(), Slice(i, i + 1)), 3);
  }

  // [B, G, heads of a group, chunks, C, V] to [B, T, H, V].
  Array in_order(const Array& x) const {
    const Array rows = reshape(transpose(x, {0, 3, 4, 1, 2, 5}),
                               {n_.batch, count_ * length_, n_.groups * n_.shared, n_.value});
    return rows(Slice(), Slice(0, n_.tokens));
  }

  Extents n_;
  UpdateRule rule_;
  std::int64_t length_, count_;
  Array query_, key_, value_, rate_, total_;
};

}  // namespace

RecurrenceResult recur(const RecurrenceInputs& inputs, const Array& memory, UpdateRule rule) {
  return inputs.value.dim(1) == 1 ? step(inputs, memory, rule) : Chunks(inputs, rule).run(memory);
}

Array recurrence(RecurrenceInputs inputs, const TokenRange& range, const RecurrentState* state,
                 UpdateRule rule) {
  Scope scope("recurrence");
  const Extents n(inputs);
  const Array offsets = arange(n.tokens);
  const Array valid = expand_dims(offsets, 0) < expand_dims(range.valid, 1);  // [B, T]
  const Array kept = expand_dims(valid, 2);
  inputs.log_decay = where(kept, inputs.log_decay, 0.0F);
  inputs.rate = where(kept, inputs.rate, 0.0F);
  if (!state)
    return recur(inputs, zeros({n.batch, n.groups, n.shared, n.value, n.key}), rule).output;
  const Array starts = reshape(range.position == 0, {n.batch, 1, 1, 1, 1});
  const RecurrenceResult result = recur(inputs, where(starts, 0.0F, state->memory.read()), rule);
  state->memory.update(result.memory);
  return result.output;
}

}  // namespace ashlar::nn
