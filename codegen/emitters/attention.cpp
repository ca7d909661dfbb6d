// SPDX-License-Identifier: Apache-2.0
// "attention": scaled dot products over a key/value cache with an online softmax, whole or one of
// several splits of the keys. A workgroup takes a few query rows that share one key/value head and
// walks over their keys in blocks, one key per thread: scores first, then the weighted values.
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"
#include "ir/schedule_model.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

// What the op says, as numbers.
struct AttentionShape {
  std::int64_t batch, steps, heads, head_size, groups, value_size;
  std::int64_t splits;  // 0: the op gives the result, not parts of it
  double scale, softcap;
  bool causal;
  std::int64_t window, ring;

  explicit AttentionShape(Operation* op) {
    ArrayRef<std::int64_t> query = shape_of(op->getOperand(0)), value = shape_of(op->getOperand(2));
    batch = query[0];
    steps = query[1];
    heads = query[2];
    head_size = query[3];
    groups = value[2];
    value_size = value[3];
    auto integer = [&](StringRef name) {
      auto attribute = op->getAttrOfType<IntegerAttr>(name);
      return attribute ? attribute.getInt() : 0;
    };
    auto real = [&](StringRef name) {
      return op->getAttrOfType<FloatAttr>(name).getValueAsDouble();
    };
    splits = integer("splits");
    scale = real("scale");
    softcap = real("softcap");
    causal = op->getAttrOfType<BoolAttr>("causal").getValue();
    window = integer("window");
    ring = integer("ring");
  }
};

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

class Attention {
public:
  Attention(KernelBuilder& b, Stores stores, Operation* root)
      : b_(b), e_(b), stores_(stores), root_(root), shape_(root),
        tile_(kernel::attention_tile(root)), threads_(b.workgroup_size()), rows_(tile_.rows()),
        subgroups_(std::max<std::int64_t>(threads_ / b.subgroup_size(), 1)),
        value_width_(kernel::vector_width(b.getF32Type(), shape_.value_size)),
        key_width_(kernel::vector_width(b.getI16Type(), shape_.head_size)) {
    const std::int64_t packets = shape_.value_size / value_width_;
    value_lanes_ = std::min(packets, threads_);
    value_turns_ = (packets + threads_ - 1) / threads_;
    key_groups_ = threads_ / value_lanes_;
    key_step_ = kernel::attention_key_step(shape_.head_size);
    key_width_ = std::min(key_width_, key_step_);
  }

  void emit() {
    place();
    stage_query();
    const RowStates states = walk_keys();
    store_rows(states);
  }

  std::int64_t workgroups() const {
    return shape_.batch * shape_.groups * head_blocks() * step_blocks() * splits();
  }

private:
  std::int64_t heads_per_group() const { return shape_.heads / shape_.groups; }
  std::int64_t head_blocks() const { return (heads_per_group() + tile_.heads - 1) / tile_.heads; }
  std::int64_t step_blocks() const { return (shape_.steps + tile_.steps - 1) / tile_.steps; }
  std::int64_t splits() const { return std::max<std::int64_t>(shape_.splits, 1); }
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

  // ---- Which rows and keys this workgroup works on

  void place() {
    Values place = b_.delinearize(
        b_.workgroup(), {shape_.batch, shape_.groups, head_blocks(), step_blocks(), splits()});
    batch_ = place[0];
    group_ = place[1];
    first_head_ = b_.mul(place[2], tile_.heads);
    first_step_ = b_.mul(place[3], tile_.steps);
    position_ = b_.to_index(e_.at(root_->getOperand(3), {batch_}));
    Value length = b_.to_index(e_.at(root_->getOperand(4), {batch_}));
    Value last_step = b_.min(b_.add(first_step_, tile_.steps - 1), b_.index(shape_.steps - 1));
    Value low = b_.index(0), high = length;
    if (shape_.causal)
      high = b_.min(high, b_.add(b_.add(position_, last_step), 1));
    if (shape_.window > 0)
      low = b_.max(low, b_.add(b_.add(position_, first_step_), 1 - shape_.window));
    Value count = b_.max(b_.sub(high, low), b_.index(0));
    Value share = b_.div_ceil(count, splits());
    begin_ = b_.add(low, b_.mul(place[4], share));
    end_ = b_.min(b_.add(begin_, share), b_.add(low, count));
    split_ = place[4];
  }

  // Row `row` of the tile: consecutive heads, then consecutive steps.
  Value step_of(Value row) { return b_.add(first_step_, b_.div(row, tile_.heads)); }
  Value head_of(Value row) { return b_.add(first_head_, b_.rem(row, tile_.heads)); }
  Value row_exists(Value row) {
    return b_.both(b_.less(step_of(row), shape_.steps), b_.less(head_of(row), heads_per_group()));
  }
  Value global_head(Value head) { return b_.add(b_.mul(group_, heads_per_group()), head); }

  void stage_query() {
    const std::int64_t width = kernel::vector_width(b_.getF32Type(), shape_.head_size);
    const std::int64_t packets = shape_.head_size / width;
    query_ =
        b_.shared(width == 1 ? Type(b_.getF32Type()) : VectorType::get({width}, b_.getF32Type()),
                  rows_ * packets);
    query_width_ = width;
    b_.for_each(b_.thread(), b_.index(rows_ * packets), b_.index(threads_), [&](Value i) {
      Value row = b_.div(i, packets);
      // Rows beyond the last repeat it; they are not stored.
      Value step = b_.min(step_of(row), b_.index(shape_.steps - 1));
      Value head = b_.min(head_of(row), b_.index(heads_per_group() - 1));
      Value offset = b_.mul(b_.rem(i, packets), width);
      const Point point{{batch_, step, global_head(head), offset}, width > 1 ? 3 : -1, width};
      b_.store_vector(e_.at(root_->getOperand(0), point), query_, i);
    });
    b_.barrier();
  }

  // ---- The loop over blocks of keys

  RowStates walk_keys() {
    const auto rows = static_cast<std::size_t>(rows_);
    const auto outputs = static_cast<std::size_t>(rows_ * value_turns_ * value_width_);
    const RowStates start{Values(rows, lowest()), Values(rows, b_.f32(0)),
                          Values(outputs, b_.f32(0))};
    block_largest_ = b_.shared(b_.getF32Type(), rows_ * subgroups_);
    weights_ = b_.shared(b_.getF32Type(), rows_ * threads_);
    const Values result = b_.loop(begin_, end_, b_.index(threads_), start.flat(),
                                  [&](Value first, ValueRange carried) {
                                    return block(first, RowStates::from(carried, rows)).flat();
                                  });
    return RowStates::from(result, rows);
  }

  RowStates block(Value first, const RowStates& before) {
    const Values scores = score_rows(first);
    const Values largest = update_largest(scores, before.largest);
    for (std::int64_t row = 0; row < rows_; ++row) {
      const auto r = static_cast<std::size_t>(row);
      b_.store(weight(scores[r], largest[r]), weights_, b_.add(b_.thread(), row * threads_));
    }
    b_.barrier();
    RowStates after = rescale(before, largest);
    return add_values(first, after);
  }

  Value cache_row(Value key) { return shape_.ring > 0 ? b_.rem(key, shape_.ring) : key; }

  // The score of this thread's key against every row; -inf where the row does not see it.
  Values score_rows(Value first) {
    const Value key = b_.add(first, b_.thread());
    const Value exists = b_.less(key, end_);
    const Value safe = b_.select(exists, key, b_.sub(end_, b_.index(1)));
    const Value row_of_key = cache_row(safe);
    Values dots =
        b_.loop(0, shape_.head_size, key_width_, Values(static_cast<std::size_t>(rows_), b_.f32(0)),
                [&](Value d, ValueRange sums) { return add_products(row_of_key, d, sums); });
    for (std::int64_t row = 0; row < rows_; ++row) {
      Value& score = dots[static_cast<std::size_t>(row)];
      score = b_.select(sees(row, key, exists), cap(mulf(score, b_.f32(shape_.scale))), lowest());
    }
    return dots;
  }

  Values add_products(Value key_row, Value d, ValueRange sums) {
    const Values key =
        e_.at(root_->getOperand(1),
              Point{{key_row, batch_, group_, d}, key_width_ > 1 ? 3 : -1, key_width_});
    Values next(sums);
    for (std::int64_t row = 0; row < rows_; ++row) {
      const std::int64_t first = row * (shape_.head_size / query_width_);
      Values query;
      for (std::int64_t i = 0; i < key_width_; i += query_width_)
        query.append(b_.load_vector(query_, b_.add(b_.div(b_.add(d, i), query_width_), first)));
      Value& sum = next[static_cast<std::size_t>(row)];
      for (auto [q, k] : llvm::zip_equal(query, key))
        sum = fma(q, k, sum);
    }
    return next;
  }

  Value cap(Value score) {
    if (shape_.softcap == 0)
      return score;
    Value limit = b_.f32(shape_.softcap);
    return mulf(limit, b_.make<math::TanhOp>(b_.make<arith::DivFOp>(score, limit)));
  }

  // With one step per tile the range of keys is exact; more steps mask their own.
  Value sees(std::int64_t row, Value key, Value exists) {
    if (tile_.steps == 1)
      return exists;
    const Value at = b_.add(b_.add(position_, first_step_), row / tile_.heads);
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
    const Value count = b_.min(b_.sub(end_, first), b_.index(threads_));
    Values start(states.sums);
    start.append(states.outputs);
    const std::int64_t keys = std::min(kernel::kAttentionKeysAtOnce, threads_ / key_groups_);
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
      Value weight = b_.load(weights_, b_.add(safe, row * threads_));
      weights.push_back(b_.select(exists, weight, b_.f32(0)));
      Value& sum = next[static_cast<std::size_t>(row)];
      sum = b_.make<arith::AddFOp>(sum, weights.back());
    }
    for (std::int64_t turn = 0; turn < value_turns_; ++turn) {
      const Values values =
          e_.at(root_->getOperand(2), Point{{row_of_key, batch_, group_, value_offset(turn)},
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
    b_.if_then(row_exists(tile_row), [&] {
      const Value head = global_head(head_of(tile_row));
      Values index{batch_, step_of(tile_row), head};
      if (shape_.splits > 0)
        index.push_back(split_);
      index.push_back(element);
      const Value linear = b_.linearize(index, shape_of(root_->getResult(0)));
      const Value value = shape_.splits > 0 ? partial(row, element) : quotient(row, element);
      bind_element(e_, root_, value);
      for (const kernel::Store& store : stores_)
        emit_store(e_, store, linear, 1);
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

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  Operation* root_;
  AttentionShape shape_;
  kernel::AttentionTile tile_;
  std::int64_t threads_, rows_, subgroups_;
  std::int64_t value_width_, key_width_, key_step_ = 1, query_width_ = 1;
  std::int64_t value_lanes_, value_turns_, key_groups_;
  Value batch_, group_, first_head_, first_step_, split_, position_, begin_, end_;
  Value query_, block_largest_, weights_, shares_, row_sums_, row_largest_;
};

}  // namespace

void emit_attention(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  if (roots.size() != 1 || !isa<ir::AttentionOp, kernel::AttentionPartialOp>(roots.front()))
    return b.fail(b.def(), "an attention kernel needs one attention");
  Operation* root = roots.front();
  if (!check_stores(b, stores, root) || kernel::element_count(root->getResult(0).getType()) == 0)
    return;
  Attention attention(b, stores, root);
  b.set_workgroups(attention.workgroups());
  attention.emit();
}

}  // namespace ashlar::codegen
