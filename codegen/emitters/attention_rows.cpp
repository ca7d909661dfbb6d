// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/attention_rows.h"

#include "codegen/emitters/row_reduction.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"

using namespace mlir;

namespace ashlar::codegen {

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
  has_new_key_ = b_.both(visible, b_.equal(place.split, zero));
}

// ---- Computing rows, each by one subgroup

// A row's subgroup.
RowTeam AttentionRows::team(std::int64_t length) const {
  constexpr std::int64_t kFew = 4;
  return {lane(), lanes_, packet_width_of(length), kFew};
}

// This thread's packets of a row: a few need no loop, and are then the ones that a norm has read.
void AttentionRows::for_packets(std::int64_t length, PacketBody body) const {
  const std::int64_t width = packet_width_of(length), packets = length / width;
  const SmallVector<Turn> turns = unrolled_turns(b_, team(length), packets);
  for (const Turn& turn : turns) {
    auto body_of_turn = [&] { body(b_.mul(turn.packet, width), turn.packet); };
    turn.inside ? b_.if_then(turn.inside, body_of_turn) : body_of_turn();
  }
  if (turns.empty())
    b_.for_each(lane(), b_.index(packets), b_.index(lanes_),
                [&](Value packet) { body(b_.mul(packet, width), packet); });
}

// As wide as all lanes can have one.
std::int64_t AttentionRows::packet_width_of(std::int64_t length) const {
  std::int64_t width = 4;
  while (width > 1 && (length % width != 0 || length < width * lanes_))
    width /= 2;
  return width;
}

// Computes row `row` of `tensor`, and stages it as row `place` of `staged`.
void AttentionRows::compute_row(Value tensor, Value row, const StagedValues& staged, Value place,
                                llvm::function_ref<void(const Point&)> store) {
  ArrayRef<std::int64_t> shape = shape_of(tensor);
  const std::int64_t length = shape.back(), width = staged.width();
  reduce_and_bind(e_, tensor, row, team(length));
  const Values leading = b_.delinearize(row, shape.drop_back());
  for_packets(length, [&](Value element, Value packet) {
    Point point{leading, width > 1 ? static_cast<int>(shape.size()) - 1 : -1, width};
    point.index.push_back(element);
    staged.store(b_.add(b_.mul(place, length / width), packet), e_.at(tensor, point));
    store(point);
  });
}

void AttentionRows::compute(const AttentionPlace& place) {
  const std::int64_t rows = shape_.tile.rows(), head = shape_.head_size;
  const Value subgroup = b_.div(b_.thread(), lanes_);
  queries_.emplace(b_, DType::f32, rows * head, packet_width_of(head));
  for (std::int64_t first = 0; first < rows; first += teams_) {
    const Value row = b_.add(subgroup, first);
    auto compute = [&] { compute_query(row, place); };
    first + teams_ <= rows ? compute() : b_.if_then(b_.less(row, rows), compute);
  }
  // The next subgroups; where there are no more, the first ones again.
  for (auto [i, store] : llvm::enumerate(appends_)) {
    const std::int64_t size = kernel::innermost(store.value.getType());
    const StagedValues& staged =
        new_rows_.emplace_back(b_, DType::f32, size, packet_width_of(size));
    const std::int64_t chosen = (rows + static_cast<std::int64_t>(i)) % teams_;
    const Value is_first = b_.equal(place.split, b_.index(0));
    b_.if_then(b_.both(is_first, b_.equal(subgroup, b_.index(chosen))), [&, store = store] {
      const Value row = b_.add(b_.mul(place.batch, shape_.groups), place.group);
      compute_row(store.value, row, staged, b_.index(0), [&](const Point& point) {
        b_.if_then(b_.equal(place.first_head, b_.index(0)), [&] { emit_store(e_, store, point); });
      });
    });
  }
  b_.barrier();
}

// Rows beyond the last repeat it; they are not stored.
void AttentionRows::compute_query(Value row, const AttentionPlace& place) {
  const TileRows tile(b_, shape_, place);
  const Values index{place.batch, tile.existing_step(row), tile.existing_head(row)};
  compute_row(attention_->getOperand(0),
              b_.linearize(index, {shape_.batch, shape_.steps, shape_.heads}), *queries_, row,
              [](const Point&) {});
}

// ---- Reading them

static Values load(KernelBuilder& b, const StagedValues& staged, Value element,
                   std::int64_t count) {
  Values values;
  for (std::int64_t i = 0; i < count; i += staged.width())
    values.append(staged.load(b.div(b.add(element, i), staged.width())));
  return values;
}

Values AttentionRows::query(std::int64_t row, Value element, std::int64_t count) const {
  return load(b_, *queries_, b_.add(element, row * shape_.head_size), count);
}

Values AttentionRows::new_row(unsigned cache, Value element, std::int64_t count) const {
  const Value tensor = attention_->getOperand(cache);
  for (auto [store, staged] : llvm::zip_equal(appends_, new_rows_))
    if (store.scatter->getResult(0) == tensor)
      return load(b_, staged, element, count);
  llvm_unreachable("check() has found a row for each cache");
}

}  // namespace ashlar::codegen
