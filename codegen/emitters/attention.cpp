// SPDX-License-Identifier: Apache-2.0
// "attention": scaled dot products over a key/value cache with an online softmax, whole or one of
// several splits of the keys. A workgroup takes a few query rows that share one key/value head and
// walks over their keys in blocks, a few threads per key: scores first, then the weighted values.
// Before, it may append this step's rows to the caches and compute the query (head norms, rope);
// behind, the last split of a tile may join the parts of all.
#include "codegen/emitters/attention_append.h"
#include "codegen/emitters/attention_join.h"
#include "codegen/emitters/attention_shape.h"
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/row_reduction.h"
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"
#include "ir/schedule_model.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <optional>

using namespace mlir;

namespace ashlar::codegen {
namespace {

// Values that the loop over key blocks carries, for each query row: the largest score so far, the
// sum of weights, and this thread's share of the weighted values.
struct RowStates {
  Values largest, sums, outputs;

  Values flat() const {
    Values all(largest);
    all.append(sums);
    all.append(outputs);
    return all;
  }
  static RowStates from(ValueRange all, std::size_t rows) {
    return {Values(all.take_front(rows)), Values(all.slice(rows, rows)),
            Values(all.drop_front(2 * rows))};
  }
};

// What the kernel writes, by who writes it.
struct AttentionStores {
  SmallVector<kernel::Store> appends;  // new rows of the caches
  SmallVector<kernel::Store> rows;     // of the root's own rows
  std::optional<kernel::Store> parts;  // of the root, where another op joins them
  kernel::AttentionCombineOp combine;  // that op
  SmallVector<kernel::Store> joined;   // behind it
};

class Attention {
public:
  Attention(KernelBuilder& b, const AttentionStores& stores, Operation* root)
      : b_(b), e_(b), stores_(stores), root_(root), shape_(root), threads_(b.workgroup_size()),
        rows_(shape_.tile.rows()),
        subgroups_(std::max<std::int64_t>(threads_ / b.subgroup_size(), 1)),
        value_width_(kernel::vector_width(b.getF32Type(), shape_.value_size)),
        key_width_(kernel::vector_width(b.getI16Type(), shape_.head_size)) {
    const std::int64_t packets = shape_.value_size / value_width_;
    value_lanes_ = std::min(packets, threads_);
    value_turns_ = (packets + threads_ - 1) / threads_;
    key_groups_ = threads_ / value_lanes_;
    key_width_ = std::min(key_width_, kernel::attention_key_step(shape_.head_size));
    const kernel::ScheduleAttr schedule = b.def().getSchedule();
    key_lanes_ = kernel::attention_key_lanes(shape_.head_size, schedule);
    packets_ = std::max<std::int64_t>(schedule.get("packets", 1), 1);
    while (shape_.head_size % (packets_ * key_lanes_ * key_width_) != 0)
      --packets_;
    block_ = threads_ / key_lanes_;
    keys_at_once_ = std::max<std::int64_t>(schedule.get("keys", kernel::kAttentionKeysAtOnce), 1);
  }

  void emit() {
    place_ = place_attention(
        b_, shape_, joins() ? kLeastKeysOfSplit : 0,
        [&](unsigned operand, Value batch) { return e_.at(root_->getOperand(operand), {batch}); });
    if (joins())
      b_.if_then(b_.less(place_.split, place_.used_splits), [&] { attend(); });
    else
      attend();
  }

  std::int64_t workgroups() const {
    return shape_.batch * shape_.groups * shape_.head_blocks() * shape_.step_blocks() * splits();
  }

private:
  bool joins() const { return stores_.combine != nullptr; }
  std::int64_t splits() const { return std::max<std::int64_t>(shape_.splits, 1); }

  void attend() {
    append_rows(e_, root_, stores_.appends, shape_, place_);
    stage_query();
    store_rows(walk_keys());
    if (joins())
      join_parts(e_, {stores_.combine, *stores_.parts, stores_.joined}, shape_, place_);
  }

  Value lowest() { return b_.f32(-INFINITY); }
  Value mulf(Value x, Value y) { return b_.make<arith::MulFOp>(x, y); }
  Value fma(Value x, Value y, Value z) { return b_.make<math::FmaOp>(x, y, z); }
  Value larger(Value x, Value y) {
    return b_.select(b_.make<arith::CmpFOp>(arith::CmpFPredicate::OGT, y, x), y, x);
  }
  // exp(x - largest), 0 where there is nothing yet.
  Value weight(Value x, Value largest) {
    Value none = b_.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, largest, lowest());
    return b_.make<math::ExpOp>(b_.make<arith::SubFOp>(x, b_.select(none, b_.f32(0), largest)));
  }

  // ---- The query

  // In workgroup memory, scaled later. Rows beyond the last repeat it; they are not stored.
  void stage_query() {
    query_width_ = kernel::vector_width(b_.getF32Type(), shape_.head_size);
    const std::int64_t packets = shape_.head_size / query_width_;
    const Type type = query_width_ == 1 ? Type(b_.getF32Type())
                                        : VectorType::get({query_width_}, b_.getF32Type());
    query_ = b_.shared(type, rows_ * packets);
    if (kernel::ops_behind(root_->getOperand(0), kernel::is_reduction).empty())
      b_.for_each(b_.thread(), b_.index(rows_ * packets), b_.index(threads_),
                  [&](Value i) { stage_packet(b_.div(i, packets), b_.rem(i, packets), i); });
    else
      stage_reduced_rows(packets);
    b_.barrier();
  }

  void stage_packet(Value row, Value packet, Value at) {
    const TileRows tile = tile_rows();
    const Point point{{place_.batch, tile.existing_step(row), tile.existing_head(row),
                       b_.mul(packet, query_width_)},
                      query_width_ > 1 ? 3 : -1,
                      query_width_};
    b_.store_vector(e_.at(root_->getOperand(0), point), query_, at);
  }

  // A row that is reduced first (a norm of its head) belongs to one subgroup.
  void stage_reduced_rows(std::int64_t packets) {
    const std::int64_t lanes = threads_ / subgroups_;
    const RowTeam team{b_.rem(b_.thread(), lanes), lanes, 4};
    for (std::int64_t first = 0; first < rows_; first += subgroups_) {
      const Value row = b_.min(b_.add(b_.div(b_.thread(), lanes), first), b_.index(rows_ - 1));
      const Values index{place_.batch, tile_rows().existing_step(row),
                         tile_rows().existing_head(row)};
      reduce_and_bind(e_, root_->getOperand(0),
                      b_.linearize(index, {shape_.batch, shape_.steps, shape_.heads}), team);
      b_.for_each(team.number, b_.index(packets), b_.index(lanes), [&](Value packet) {
        stage_packet(row, packet, b_.add(b_.mul(row, packets), packet));
      });
    }
  }

  // ---- The loop over blocks of keys

  // Before any key. A sink is counted once: by the first split, in the first group of keys.
  RowStates start() {
    const auto rows = static_cast<std::size_t>(rows_);
    const auto outputs = static_cast<std::size_t>(rows_ * value_turns_ * value_width_);
    RowStates states{Values(rows, lowest()), Values(rows, b_.f32(0)), Values(outputs, b_.f32(0))};
    if (!shape_.has_sinks)
      return states;
    const Value is_first = b_.equal(place_.split, b_.index(0));
    const Value counts = b_.both(is_first, b_.equal(key_group(), b_.index(0)));
    for (std::size_t row = 0; row < rows; ++row) {
      const Value head = tile_rows().existing_head(b_.index(static_cast<std::int64_t>(row)));
      const Value sink = e_.at(root_->getOperand(kSinks), {place_.batch, head});
      states.largest[row] = b_.select(is_first, sink, lowest());
      states.sums[row] = b_.select(counts, b_.f32(1), b_.f32(0));
    }
    return states;
  }

  RowStates walk_keys() {
    const auto rows = static_cast<std::size_t>(rows_);
    block_largest_ = b_.shared(b_.getF32Type(), rows_ * subgroups_);
    weights_ = b_.shared(b_.getF32Type(), rows_ * block_);
    const Values result = b_.loop(place_.begin, place_.end, b_.index(block_), start().flat(),
                                  [&](Value first, ValueRange carried) {
                                    return block(first, RowStates::from(carried, rows)).flat();
                                  });
    return RowStates::from(result, rows);
  }

  RowStates block(Value first, const RowStates& before) {
    const Values scores = score_rows(first);
    const Values largest = update_largest(scores, before.largest);
    auto store_weights = [&] {
      for (std::int64_t row = 0; row < rows_; ++row) {
        const auto r = static_cast<std::size_t>(row);
        b_.store(weight(scores[r], largest[r]), weights_, b_.add(key_in_block(), row * block_));
      }
    };
    if (key_lanes_ == 1)
      store_weights();
    else
      b_.if_then(b_.equal(key_lane(), b_.index(0)), store_weights);
    b_.barrier();
    RowStates after = rescale(before, largest);
    return add_values(first, after);
  }

  Value cache_row(Value key) { return shape_.ring > 0 ? b_.rem(key, shape_.ring) : key; }

  // Neighbouring threads share a key: each takes every so many packets of it.
  Value key_in_block() { return key_lanes_ == 1 ? b_.thread() : b_.div(b_.thread(), key_lanes_); }
  Value key_lane() { return b_.rem(b_.thread(), key_lanes_); }

  // The score of this thread's key against every row; -inf where the row does not see it.
  Values score_rows(Value first) {
    const Value key = b_.add(first, key_in_block());
    const Value exists = b_.less(key, place_.end);
    const Value safe = b_.select(exists, key, b_.sub(place_.end, b_.index(1)));
    const Value row_of_key = cache_row(safe);
    const Value from = key_lanes_ == 1 ? b_.index(0) : b_.mul(key_lane(), key_width_);
    Values dots = b_.loop(
        from, b_.index(shape_.head_size), b_.index(key_width_ * key_lanes_ * packets_),
        Values(static_cast<std::size_t>(rows_), b_.f32(0)),
        [&](Value d, ValueRange sums) -> Values { return add_products(row_of_key, d, sums); });
    if (key_lanes_ > 1)
      dots = b_.reduce(dots, key_lanes_, [&](ValueRange a, ValueRange c) {
        Values sums;
        for (auto [x, y] : llvm::zip_equal(a, c))
          sums.push_back(b_.make<arith::AddFOp>(x, y));
        return sums;
      });
    for (std::int64_t row = 0; row < rows_; ++row) {
      Value& score = dots[static_cast<std::size_t>(row)];
      score = b_.select(sees(row, key, exists), cap(mulf(score, b_.f32(shape_.scale))), lowest());
    }
    return dots;
  }

  // The next packets of a key, loaded together, times every row of the query.
  Values add_products(Value key_row, Value d, ValueRange sums) {
    SmallVector<Values> key;
    const std::int64_t apart = key_width_ * key_lanes_;
    for (std::int64_t i = 0; i < packets_; ++i)
      key.push_back(e_.at(root_->getOperand(1),
                          Point{{key_row, place_.batch, place_.group, b_.add(d, i * apart)},
                                key_width_ > 1 ? 3 : -1,
                                key_width_}));
    Values next(sums);
    for (auto [i, packet] : llvm::enumerate(key))
      for (std::int64_t row = 0; row < rows_; ++row)
        add_packet(packet, row, b_.add(d, static_cast<std::int64_t>(i) * apart),
                   next[static_cast<std::size_t>(row)]);
    return next;
  }

  void add_packet(ValueRange key, std::int64_t row, Value d, Value& sum) {
    const std::int64_t first = row * (shape_.head_size / query_width_);
    Values query;
    for (std::int64_t i = 0; i < key_width_; i += query_width_)
      query.append(b_.load_vector(query_, b_.add(b_.div(b_.add(d, i), query_width_), first)));
    for (auto [q, k] : llvm::zip_equal(query, key))
      sum = fma(q, k, sum);
  }

  Value cap(Value score) {
    if (shape_.softcap == 0)
      return score;
    Value limit = b_.f32(shape_.softcap);
    return mulf(limit, b_.make<math::TanhOp>(b_.make<arith::DivFOp>(score, limit)));
  }

  // With one step per tile the range of keys is exact; more steps mask their own.
  Value sees(std::int64_t row, Value key, Value exists) {
    if (shape_.tile.steps == 1)
      return exists;
    const Value at = b_.add(b_.add(place_.position, place_.first_step), row / shape_.tile.heads);
    Value visible = exists;
    if (shape_.causal)
      visible = b_.both(visible, b_.less(key, b_.add(at, 1)));
    if (shape_.window > 0)
      visible = b_.both(visible, b_.less(at, b_.add(key, shape_.window)));
    return visible;
  }

  // The largest score of each row over all blocks up to this one, the same in every thread.
  Values update_largest(ValueRange scores, ValueRange before) {
    const std::int64_t team = std::min(threads_, b_.subgroup_size());
    auto combine = [&](ValueRange a, ValueRange c) -> Values { return {larger(a[0], c[0])}; };
    Values largest;
    for (Value score : scores)
      largest.push_back(b_.reduce(score, team, combine)[0]);
    if (subgroups_ > 1) {
      b_.if_then(b_.equal(b_.lane(), b_.index(0)), [&] {
        for (std::int64_t row = 0; row < rows_; ++row)
          b_.store(largest[static_cast<std::size_t>(row)], block_largest_,
                   b_.add(b_.div(b_.thread(), b_.subgroup_size()), row * subgroups_));
      });
      b_.barrier();
      for (std::int64_t row = 0; row < rows_; ++row)
        for (std::int64_t s = 0; s < subgroups_; ++s) {
          Value other = b_.load(block_largest_, b_.index(row * subgroups_ + s));
          Value& mine = largest[static_cast<std::size_t>(row)];
          mine = s == 0 ? other : larger(mine, other);
        }
    }
    for (auto [mine, old] : llvm::zip_equal(largest, before))
      mine = larger(mine, old);
    if (subgroups_ == 1)
      b_.barrier();  // the weights of the block before are still being read
    return largest;
  }

  RowStates rescale(const RowStates& before, ValueRange largest) {
    RowStates after{Values(largest), {}, {}};
    const auto per_row = before.outputs.size() / static_cast<std::size_t>(rows_);
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows_); ++row) {
      Value factor = weight(before.largest[row], largest[row]);
      after.sums.push_back(mulf(before.sums[row], factor));
      for (std::size_t i = 0; i < per_row; ++i)
        after.outputs.push_back(mulf(before.outputs[row * per_row + i], factor));
    }
    return after;
  }

  // Threads are dealt out over the packets of a value row, and over keys where threads are left.
  Value value_lane() { return value_turns_ > 1 ? b_.thread() : b_.rem(b_.thread(), value_lanes_); }
  Value key_group() { return value_turns_ > 1 ? b_.index(0) : b_.div(b_.thread(), value_lanes_); }
  // Element offset of this thread's packet number `turn`; beyond the row the last packet again.
  Value value_offset(std::int64_t turn) {
    const std::int64_t packets = shape_.value_size / value_width_;
    Value packet = b_.add(value_lane(), turn * threads_);
    if (value_turns_ > 1)
      packet = b_.min(packet, b_.index(packets - 1));
    return b_.mul(packet, value_width_);
  }

  // A few keys at a time, which also saves loop iterations. Keys beyond the last one weigh nothing.
  RowStates add_values(Value first, const RowStates& states) {
    const auto rows = static_cast<std::size_t>(rows_);
    const Value count = b_.min(b_.sub(place_.end, first), b_.index(block_));
    Values start(states.sums);
    start.append(states.outputs);
    const std::int64_t keys =
        std::min(keys_at_once_, std::max<std::int64_t>(block_ / key_groups_, 1));
    // Threads beyond the last whole group of keys have nothing to add.
    const Value from = key_groups_ * value_lanes_ == threads_ || value_turns_ > 1
                           ? key_group()
                           : b_.select(b_.less(key_group(), key_groups_), key_group(), count);
    auto body = [&](Value i, ValueRange carried) {
      Values next(carried);
      for (std::int64_t k = 0; k < keys; ++k)
        next = add_value(first, b_.add(i, k * key_groups_), count, next);
      return next;
    };
    const Values result = b_.loop(from, count, b_.index(keys * key_groups_), start, body);
    return {states.largest, Values(ValueRange(result).take_front(rows)),
            Values(ValueRange(result).drop_front(rows))};
  }

  Values add_value(Value first, Value i, Value count, ValueRange carried) {
    const Value exists = b_.less(i, count);
    const Value safe = b_.select(exists, i, b_.sub(count, b_.index(1)));
    const Value row_of_key = cache_row(b_.add(first, safe));
    Values next(carried);
    Values weights;
    for (std::int64_t row = 0; row < rows_; ++row) {
      Value weight = b_.load(weights_, b_.add(safe, row * block_));
      weights.push_back(b_.select(exists, weight, b_.f32(0)));
      Value& sum = next[static_cast<std::size_t>(row)];
      sum = b_.make<arith::AddFOp>(sum, weights.back());
    }
    for (std::int64_t turn = 0; turn < value_turns_; ++turn) {
      const Values values = e_.at(
          root_->getOperand(2), Point{{row_of_key, place_.batch, place_.group, value_offset(turn)},
                                      value_width_ > 1 ? 3 : -1,
                                      value_width_});
      for (std::int64_t row = 0; row < rows_; ++row)
        for (std::int64_t i = 0; i < value_width_; ++i) {
          Value& output = next[static_cast<std::size_t>(rows_ + output_number(row, turn, i))];
          output = fma(weights[static_cast<std::size_t>(row)], values[static_cast<std::size_t>(i)],
                       output);
        }
    }
    return next;
  }

  std::int64_t output_number(std::int64_t row, std::int64_t turn, std::int64_t i) const {
    return (row * value_turns_ + turn) * value_width_ + i;
  }

  // ---- Results

  // Threads put their shares side by side in workgroup memory, a few rows at a time, and add them
  // up while storing.
  void store_rows(const RowStates& states) {
    constexpr std::int64_t kMemoryBytes = 8 * 1024;
    const std::int64_t row_bytes = key_groups_ * shape_.value_size * 4;
    const std::int64_t pass = std::min(std::max<std::int64_t>(kMemoryBytes / row_bytes, 1), rows_);
    shares_ = b_.shared(b_.getF32Type(), pass * key_groups_ * shape_.value_size);
    row_sums_ = b_.shared(b_.getF32Type(), pass * key_groups_);
    row_largest_ = b_.shared(b_.getF32Type(), pass);
    for (std::int64_t row = 0; row < rows_; row += pass) {
      const std::int64_t count = std::min(pass, rows_ - row);
      if (row > 0)
        b_.barrier();
      share(states, row, count);
      b_.barrier();
      const std::int64_t length = shape_.value_size + (shape_.splits > 0 ? 2 : 0);
      b_.for_each(b_.thread(), b_.index(count * length), b_.index(threads_),
                  [&](Value i) { store_element(row, b_.div(i, length), b_.rem(i, length)); });
    }
  }

  void share(const RowStates& states, std::int64_t first, std::int64_t count) {
    Value active = b_.less(key_group(), key_groups_);
    if (value_turns_ > 1)
      active = b_.boolean(true);
    b_.if_then(active, [&] {
      for (std::int64_t r = 0; r < count; ++r) {
        const Value slot = b_.add(key_group(), r * key_groups_);
        for (std::int64_t turn = 0; turn < value_turns_; ++turn)
          for (std::int64_t i = 0; i < value_width_; ++i) {
            const Value at = b_.add(b_.mul(slot, shape_.value_size), b_.add(value_offset(turn), i));
            b_.store(states.outputs[static_cast<std::size_t>(output_number(first + r, turn, i))],
                     shares_, at);
          }
        b_.if_then(b_.equal(value_lane(), b_.index(0)), [&] {
          b_.store(states.sums[static_cast<std::size_t>(first + r)], row_sums_, slot);
        });
      }
    });
    b_.if_then(b_.equal(b_.thread(), b_.index(0)), [&] {
      for (std::int64_t r = 0; r < count; ++r)
        b_.store(states.largest[static_cast<std::size_t>(first + r)], row_largest_, b_.index(r));
    });
  }

  // The sum over key groups of `memory`, which holds `stride` elements per group and row.
  Value sum_groups(Value memory, Value row, Value offset, std::int64_t stride) {
    Value sum;
    for (std::int64_t g = 0; g < key_groups_; ++g) {
      Value slot = b_.add(b_.mul(row, key_groups_), g);
      Value part = b_.load(memory, b_.add(b_.mul(slot, stride), offset));
      sum = sum ? b_.make<arith::AddFOp>(sum, part) : part;
    }
    return sum;
  }

  void store_element(std::int64_t first_row, Value row, Value element) {
    const Value tile_row = b_.add(row, first_row);
    const TileRows tile = tile_rows();
    b_.if_then(tile.exists(tile_row), [&] {
      Values index{place_.batch, tile.step(tile_row), tile.head(tile_row)};
      if (shape_.splits > 0)
        index.push_back(place_.split);
      index.push_back(element);
      const Value linear = b_.linearize(index, shape_of(root_->getResult(0)));
      const Value value = shape_.splits > 0 ? partial(row, element) : quotient(row, element);
      bind_element(e_, root_, value);
      for (const kernel::Store& store : stores_.rows)
        emit_store(e_, store, linear, 1);
      if (stores_.parts)
        emit_store(e_, *stores_.parts, linear, 1);
    });
  }

  Value quotient(Value row, Value element) {
    Value sum = sum_groups(row_sums_, row, b_.index(0), 1);
    Value total = sum_groups(shares_, row, element, shape_.value_size);
    Value empty = b_.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, sum, b_.f32(0));
    Value result = b_.make<arith::DivFOp>(total, b_.select(empty, b_.f32(1), sum));
    return round_to(b_, dtype_of(root_->getResult(0)), result);
  }

  Value partial(Value row, Value element) {
    Value inside = b_.less(element, shape_.value_size);
    Value safe = b_.select(inside, element, b_.index(0));
    Value total = sum_groups(shares_, row, safe, shape_.value_size);
    Value sum = sum_groups(row_sums_, row, b_.index(0), 1);
    Value largest = b_.load(row_largest_, row);
    Value is_largest = b_.equal(element, b_.index(shape_.value_size));
    return b_.select(inside, total, b_.select(is_largest, largest, sum));
  }

  TileRows tile_rows() const { return TileRows(b_, shape_, place_); }

  // Fewer keys are not worth a part of their own.
  static constexpr std::int64_t kLeastKeysOfSplit = 64;

  KernelBuilder& b_;
  Elements e_;
  const AttentionStores& stores_;
  Operation* root_;
  AttentionShape shape_;
  AttentionPlace place_;
  std::int64_t threads_, rows_, subgroups_;
  std::int64_t value_width_, key_width_, query_width_ = 1;
  std::int64_t key_lanes_ = 1, block_ = 1;       // threads that share a key; keys of a block
  std::int64_t packets_ = 1, keys_at_once_ = 1;  // loaded together, of a key and of its values
  std::int64_t value_lanes_, value_turns_, key_groups_;
  Value query_, block_largest_, weights_, shares_, row_sums_, row_largest_;
};

// The op that joins the root's parts in this kernel, if there is one.
kernel::AttentionCombineOp find_combine(Operation* root) {
  for (Operation* user : root->getUsers())
    if (auto combine = dyn_cast<kernel::AttentionCombineOp>(user))
      if (isa_and_nonnull<BlockArgument>(combine.getArrivals()))
        return combine;
  return nullptr;
}

// Nothing where an output does not fit; that was reported.
std::optional<AttentionStores> sort_stores(KernelBuilder& b, Stores stores, Operation* root) {
  AttentionStores sorted;
  sorted.combine = find_combine(root);
  for (const kernel::Store& store : stores) {
    if (is_append(root, store))
      sorted.appends.push_back(store);
    else if (!sorted.combine)
      sorted.rows.push_back(store);
    else if (store.value == root->getResult(0) && !sorted.parts)
      sorted.parts = store;
    else
      sorted.joined.push_back(store);
  }
  if (sorted.combine && !sorted.parts) {
    b.fail(root, "a kernel that joins the parts of its attention stores them");
    return std::nullopt;
  }
  const bool fits = sorted.combine ? check_stores(b, sorted.joined, sorted.combine)
                                   : check_stores(b, sorted.rows, root);
  return fits ? std::optional(std::move(sorted)) : std::nullopt;
}

}  // namespace

void emit_attention(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  if (roots.size() != 1 || !isa<ir::AttentionOp, kernel::AttentionPartialOp>(roots.front()))
    return b.fail(b.def(), "an attention kernel needs one attention");
  Operation* root = roots.front();
  const auto sorted = sort_stores(b, stores, root);
  if (!sorted || kernel::element_count(root->getResult(0).getType()) == 0)
    return;
  Attention attention(b, *sorted, root);
  b.for_workgroups(attention.workgroups(), [&] { attention.emit(); });
}

}  // namespace ashlar::codegen
