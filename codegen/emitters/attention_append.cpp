// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/attention_append.h"

#include "codegen/emitters/memory_order.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/row_reduction.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

class RowAppend {
public:
  RowAppend(Elements& elements, const kernel::Store& store, const AttentionShape& shape,
            const AttentionPlace& place)
      : e_(elements), b_(elements.builder()), store_(store), shape_(shape), place_(place) {}

  bool check() const {
    auto scatter = dyn_cast<ir::ScatterOp>(store_.scatter);
    const std::int64_t size = kernel::innermost(store_.value.getType());
    const bool fits =
        scatter && scatter.getAxis() == 0 && shape_.steps == 1 && shape_.head_blocks() == 1 &&
        shape_of(store_.value) == ArrayRef<std::int64_t>{1, shape_.batch, shape_.groups, size} &&
        llvm::all_of(llvm::enumerate(shape_of(scatter.getIndices())),
                     [](auto axis) { return axis.index() == 1 || axis.value() == 1; });
    if (!fits)
      b_.fail(store_.scatter, "attention appends one row for each batch row");
    return fits;
  }

  // Whether this workgroup is the one that writes.
  Value is_mine() {
    const Value key = new_key(), end = b_.add(place_.low, place_.count);
    const Value visible = b_.both(b_.less_equal(place_.low, key), b_.less(key, end));
    const Value in_split = b_.both(b_.less_equal(place_.begin, key), b_.less(key, place_.end));
    return b_.select(visible, in_split, b_.equal(place_.split, b_.index(0)));
  }

  // By the threads of one team.
  void write(const RowTeam& team) {
    const Value row = b_.add(b_.mul(place_.batch, shape_.groups), place_.group);
    reduce_and_bind(e_, store_.value, row, team);
    const std::int64_t size = kernel::innermost(store_.value.getType());
    const std::int64_t width = packet_width({store_}, 4);
    b_.for_each(team.number, b_.index(size / width), b_.index(team.count), [&](Value packet) {
      emit_store(e_, store_, b_.add(b_.mul(row, size), b_.mul(packet, width)), width);
    });
  }

private:
  // The key that will lie in the new row.
  Value new_key() {
    const Value indices = store_.scatter->getOperand(1);
    const Value batch = shape_of(indices)[1] == 1 ? b_.index(0) : place_.batch;
    const Value row = b_.to_index(e_.at(indices, {b_.index(0), batch, b_.index(0), b_.index(0)}));
    if (shape_.ring == 0)
      return row;
    const Value last = b_.sub(b_.add(place_.low, place_.count), b_.index(1));
    const Value behind = b_.rem(b_.add(b_.sub(last, row), shape_.ring), shape_.ring);
    return b_.sub(last, behind);
  }

  Elements& e_;
  KernelBuilder& b_;
  const kernel::Store& store_;
  const AttentionShape& shape_;
  const AttentionPlace& place_;
};

}  // namespace

bool is_append(Operation* attention, const kernel::Store& store) {
  return store.scatter &&
         llvm::is_contained(attention->getOperands().slice(1, 2), store.scatter->getResult(0));
}

void append_rows(Elements& elements, Operation* attention, ArrayRef<kernel::Store> appends,
                 const AttentionShape& shape, const AttentionPlace& place) {
  KernelBuilder& b = elements.builder();
  const std::int64_t lanes = std::min(b.workgroup_size(), b.subgroup_size());
  const std::int64_t teams = b.workgroup_size() / lanes;
  const RowTeam team{b.rem(b.thread(), lanes), lanes, 4};
  for (auto [i, store] : llvm::enumerate(appends)) {
    RowAppend append(elements, store, shape, place);
    if (!append.check())
      return;
    const Value number = b.index(static_cast<std::int64_t>(i) % teams);
    const Value chosen = b.equal(b.div(b.thread(), lanes), number);
    b.if_then(b.both(append.is_mine(), chosen), [&] { append.write(team); });
    Value cache = store.scatter->getResult(0), target = store.scatter->getOperand(0);
    elements.bind(cache,
                  [&elements, target](const Point& point) { return elements.at(target, point); });
  }
  if (!appends.empty())
    buffer_barrier(b);
}

}  // namespace ashlar::codegen
