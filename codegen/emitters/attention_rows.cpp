// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/attention_rows.h"

#include "codegen/emitters/row_reduction.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"

#include <utility>

using namespace mlir;

namespace ashlar::codegen {

static constexpr std::int64_t kFew = 8;  // packets of a thread that need no loop

bool is_append(Operation* attention, const kernel::Store& store) {
  return store.scatter &&
         llvm::is_contained(attention->getOperands().slice(1, 2), store.scatter->getResult(0));
}

AttentionRows::AttentionRows(Elements& elements, Operation* attention,
                             ArrayRef<kernel::Store> appends, const AttentionShape& shape)
    : e_(elements), b_(elements.builder()), attention_(attention), appends_(appends), shape_(shape),
      lanes_(std::min(b_.workgroup_size(), b_.subgroup_size())),
      teams_(b_.workgroup_size() / lanes_) {}

// ---- Caches

bool AttentionRows::is_row_append(const kernel::Store& store) const {
  auto scatter = dyn_cast<ir::ScatterOp>(store.scatter);
  const std::int64_t size = kernel::innermost(store.value.getType());
  return scatter && scatter.getAxis() == 0 && shape_.steps == 1 &&
         shape_of(store.value) == ArrayRef<std::int64_t>{1, shape_.batch, shape_.groups, size} &&
         llvm::all_of(llvm::enumerate(shape_of(scatter.getIndices())),
                      [](auto axis) { return axis.index() == 1 || axis.value() == 1; });
}

bool AttentionRows::check() const {
  for (Value cache : attention_->getOperands().slice(1, 2)) {
    const bool appended = llvm::any_of(
        appends_, [&](const kernel::Store& store) { return store.scatter->getResult(0) == cache; });
    if (appended == appends_.empty() || !(appended || isa<BlockArgument>(cache))) {
      b_.fail(attention_, "reads its caches as they are stored, or adds a row to both");
      return false;
    }
  }
  for (const kernel::Store& store : appends_)
    if (!is_row_append(store) ||
        store.scatter->getOperand(1) != appends_.front().scatter->getOperand(1)) {
      b_.fail(store.scatter, "attention appends one row for each batch row, to both caches alike");
      return false;
    }
  return true;
}

unsigned AttentionRows::buffer_of(unsigned cache) const {
  Value tensor = attention_->getOperand(cache);
  if (Operation* scatter = tensor.getDefiningOp())
    tensor = scatter->getOperand(0);
  return cast<BlockArgument>(tensor).getArgNumber();
}

// ---- The new key

// The key that will lie in cache row `row`.
Value AttentionRows::new_key(const AttentionPlace& place, Value row) const {
  if (shape_.ring == 0)
    return row;
  const Value last = b_.sub(b_.add(place.low, place.count), b_.index(1));
  const Value behind = b_.rem(b_.add(b_.sub(last, row), shape_.ring), shape_.ring);
  return b_.sub(last, behind);
}

void AttentionRows::skip_new_key(AttentionPlace& place) {
  if (appends_.empty())
    return;
  const Value indices = appends_.front().scatter->getOperand(1), zero = b_.index(0);
  const Value batch = shape_of(indices)[1] == 1 ? zero : place.batch;
  const Value row = b_.to_index(e_.at(indices, {zero, batch, zero, zero}));
  const Value key = new_key(place, row), end = b_.add(place.low, place.count);
  // A row outside the cache is not stored.
  Value visible =
      b_.both(b_.less_equal(zero, row), b_.both(b_.less_equal(place.low, key), b_.less(key, end)));
  if (shape_.ring > 0)
    visible = b_.both(visible, b_.less(row, shape_.ring));
  place.skipped = b_.select(visible, key, b_.index(INT32_MAX));
  place.count = b_.select(visible, b_.sub(place.count, b_.index(1)), place.count);
  place.sees_new_key = visible;
}

// ---- Computing rows

// Where a row is put together from pieces (the halves of rope): where each begins.
static SmallVector<std::int64_t> piece_starts(Value tensor) {
  SmallVector<std::int64_t> starts;
  const std::int64_t length = shape_of(tensor).back();
  for (Operation* op :
       kernel::ops_behind(tensor, [](Operation* o) { return isa<ir::ConcatOp>(o); })) {
    ArrayRef<std::int64_t> shape = shape_of(op->getResult(0));
    if (shape.back() != length || cast<ir::ConcatOp>(op).getAxis() + 1 != shape.size())
      continue;
    std::int64_t start = 0;
    for (Value piece : op->getOperands())
      starts.push_back(std::exchange(start, start + shape_of(piece).back()));
  }
  return starts;
}

// As wide as all of `lanes` can have one, and so wide that pieces begin where a packet of all lanes
// does; if none is, where that of a subgroup does.
static std::int64_t packet_width(std::int64_t length, std::int64_t lanes, std::int64_t subgroup,
                                 ArrayRef<std::int64_t> starts) {
  auto divides = [&](std::int64_t packet) {
    return llvm::all_of(starts, [&](std::int64_t start) { return start % packet == 0; });
  };
  const std::int64_t together = divides(lanes) ? lanes : divides(subgroup) ? subgroup : 1;
  auto fits = [&](std::int64_t width) {
    return length % width == 0 && length >= width * lanes && divides(width * together);
  };
  std::int64_t width = 4;
  while (width > 1 && !fits(width))
    width /= 2;
  return width;
}

// As many subgroups as leave each lane two elements, which rope may rotate, and half of all to
// other rows. Each reduces the row for itself.
AttentionRows::RowShares AttentionRows::shares_of(Value tensor) const {
  const SmallVector<std::int64_t> starts = piece_starts(tensor);
  const std::int64_t length = shape_of(tensor).back();
  RowShares shares{1, 1};
  while (4 * shares.subgroups <= teams_ && 4 * shares.subgroups * lanes_ <= length)
    shares.subgroups *= 2;
  shares.width = packet_width(length, shares.subgroups * lanes_, lanes_, starts);
  return shares;
}

// Computes a share of row `row` of `tensor`, and stages it as row `place` of `staged`.
void AttentionRows::compute_share(Value tensor, const RowShares& shares, Value number, Value row,
                                  const StagedValues& staged, Value place,
                                  llvm::function_ref<void(const Point&)> store) {
  ArrayRef<std::int64_t> shape = shape_of(tensor);
  const std::int64_t length = shape.back(), width = shares.width;
  const std::int64_t lanes = shares.subgroups * lanes_;
  const std::int64_t whole =
      shares.subgroups == 1 ? width : packet_width(length, lanes_, lanes_, {});
  reduce_and_bind(e_, tensor, row, {lane(), lanes_, whole, kFew});
  const Values leading = b_.delinearize(row, shape.drop_back());
  auto compute = [&](Value packet) {
    Point point{leading, width > 1 ? static_cast<int>(shape.size()) - 1 : -1, width};
    point.index.push_back(b_.mul(packet, width));
    staged.store(b_.add(b_.mul(place, length / width), packet), e_.at(tensor, point));
    store(point);
  };
  const Value first = b_.add(b_.mul(number, lanes_), lane());
  for_packets(b_, {first, lanes, width, kFew}, length / width, compute);
}

void AttentionRows::compute(const AttentionPlace& place) {
  const Value subgroup = b_.div(b_.thread(), lanes_);
  compute_queries(place, subgroup);
  std::int64_t next = shares_of(attention_->getOperand(0)).subgroups;
  // By the subgroups behind those of the first query row; where there are no more, the first again.
  for (const kernel::Store& store : appends_) {
    const RowShares shares = shares_of(store.value);
    const StagedValues& staged = new_rows_.emplace_back(
        b_, DType::f32, kernel::innermost(store.value.getType()), shares.width);
    const Value number = b_.rem(b_.add(subgroup, teams_ - next % teams_), teams_);
    const Value is_first = b_.equal(place.split, b_.index(0));
    b_.if_then(b_.both(is_first, b_.less(number, shares.subgroups)), [&] {
      const Value row = b_.add(b_.mul(place.batch, shape_.groups), place.group);
      const Value share = b_.rem(number, shares.subgroups);
      compute_share(store.value, shares, share, row, staged, b_.index(0), [&](const Point& point) {
        b_.if_then(b_.equal(place.first_head, b_.index(0)), [&] { emit_store(e_, store, point); });
      });
    });
    next += shares.subgroups;
  }
  b_.barrier();
}

// Rows beyond the last repeat it; they are not stored.
void AttentionRows::compute_queries(const AttentionPlace& place, Value subgroup) {
  const Value query = attention_->getOperand(0);
  const RowShares shares = shares_of(query);
  queries_.emplace(b_, DType::f32, shape_.tile.rows() * shape_.head_size, shares.width);
  for_numbers(b_, subgroup, shape_.tile.rows() * shares.subgroups, teams_, [&](Value item) {
    const TileRows tile(b_, shape_, place);
    const Value row = b_.div(item, shares.subgroups);
    const Values index{place.batch, tile.existing_step(row), tile.existing_head(row)};
    compute_share(query, shares, b_.rem(item, shares.subgroups),
                  b_.linearize(index, {shape_.batch, shape_.steps, shape_.heads}), *queries_, row,
                  [](const Point&) {});
  });
}

// ---- Reading them

static Values load(KernelBuilder& b, const StagedValues& staged, Value element,
                   std::int64_t count) {
  Values values;
  for (std::int64_t i = 0; i < count; i += staged.width())
    values.append(staged.load(b.div(b.add(element, i), staged.width())));
  return values;
}

Values AttentionRows::query(Value row, Value element, std::int64_t count) const {
  return load(b_, *queries_, b_.add(element, b_.mul(row, shape_.head_size)), count);
}

Values AttentionRows::new_row(unsigned cache, Value element, std::int64_t count) const {
  const Value tensor = attention_->getOperand(cache);
  for (auto [store, staged] : llvm::zip_equal(appends_, new_rows_))
    if (store.scatter->getResult(0) == tensor)
      return load(b_, staged, element, count);
  llvm_unreachable("check() has found a row for each cache");
}

}  // namespace ashlar::codegen
