// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/attention_join.h"

#include "codegen/emitters/combine_parts.h"
#include "codegen/emitters/memory_order.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

class Join {
public:
  Join(Elements& elements, const JoinedStores& stores, const AttentionShape& shape,
       const AttentionPlace& place)
      : e_(elements), b_(elements.builder()), stores_(stores), shape_(shape), place_(place),
        rows_(b_, shape, place), row_count_(shape.tile.rows()), threads_(b_.workgroup_size()) {}

  void emit() {
    const Value arrived = count_in();
    b_.if_then(b_.equal(arrived, b_.to_i32(b_.sub(place_.used_splits, b_.index(1)))), [&] {
      device_fence(b_);
      stage_row_sums();
      store_results();
      // Zero again for the next step.
      b_.if_then(b_.equal(b_.thread(), b_.index(0)),
                 [&] { store_element(b_, arrivals(), DType::i32, place_.tile_number, b_.i32(0)); });
    });
  }

private:
  unsigned arrivals() const {
    kernel::AttentionCombineOp combine = stores_.combine;
    return cast<BlockArgument>(combine.getArrivals()).getArgNumber();
  }

  // How many splits of the tile were here before this one.
  Value count_in() {
    const Value shared = b_.shared(b_.getI32Type(), 1);
    device_fence(b_);
    buffer_barrier(b_);
    b_.if_then(b_.equal(b_.thread(), b_.index(0)), [&] {
      b_.store(atomic_add(b_, arrivals(), place_.tile_number, b_.i32(1)), shared, b_.index(0));
    });
    b_.barrier();
    return b_.load(shared, b_.index(0));
  }

  // Element `element` of what `split` left of a row.
  Value load_part(Value row, Value split, Value element) {
    const Values index{place_.batch, rows_.existing_step(row), rows_.existing_head(row), split,
                       element};
    return load_element(b_, stores_.parts.buffer, DType::f32,
                        b_.linearize(index, shape_of(stores_.parts.value)));
  }

  // A split that left something: `split`, or the last one.
  Value last_used(Value split) { return b_.min(split, b_.sub(place_.used_splits, b_.index(1))); }

  // Largest scores and sums of weights into workgroup memory: every thread needs those of its rows.
  void stage_row_sums() {
    const std::int64_t count = row_count_ * padded_splits();
    largest_ = b_.shared(b_.getF32Type(), count);
    sums_ = b_.shared(b_.getF32Type(), count);
    b_.for_each(b_.thread(), b_.index(count), b_.index(threads_), [&](Value i) {
      const Value row = b_.div(i, padded_splits()), split = b_.rem(i, padded_splits());
      const Value used = b_.less(split, place_.used_splits), safe = last_used(split);
      const Value largest = load_part(row, safe, b_.index(shape_.value_size));
      b_.store(b_.select(used, largest, b_.f32(-INFINITY)), largest_, i);
      b_.store(load_part(row, safe, b_.index(shape_.value_size + 1)), sums_, i);
    });
    b_.barrier();
  }

  // A thread's elements lie a workgroup's width apart; their loads are under way together.
  void store_results() {
    const std::int64_t elements = row_count_ * shape_.value_size;
    const std::int64_t turns = (elements + threads_ - 1) / threads_;
    Values rows, columns;
    for (std::int64_t turn = 0; turn < turns; ++turn) {
      const Value item = b_.min(b_.add(b_.thread(), turn * threads_), b_.index(elements - 1));
      rows.push_back(b_.div(item, shape_.value_size));
      columns.push_back(b_.rem(item, shape_.value_size));
    }
    auto of_rows = [&](Value memory, Value split) {
      Values values;
      for (Value row : rows)
        values.push_back(b_.load(memory, b_.add(b_.mul(row, padded_splits()), split)));
      return values;
    };
    auto values = [&](Value split) {
      Values loaded;
      for (auto [row, column] : llvm::zip_equal(rows, columns))
        loaded.push_back(load_part(row, last_used(split), column));
      return loaded;
    };
    const Values joined =
        combine_parts(b_, place_.used_splits, rows.size(), 1, kSplitsAtOnce,
                      {.largest = [&](Value split) { return of_rows(largest_, split); },
                       .sums = [&](Value split) { return of_rows(sums_, split); },
                       .values = values});
    for (std::int64_t turn = 0; turn < turns; ++turn) {
      const auto i = static_cast<std::size_t>(turn);
      Value exists = rows_.exists(rows[i]);
      if ((turn + 1) * threads_ > elements)
        exists = b_.both(exists, b_.less(b_.add(b_.thread(), turn * threads_), elements));
      b_.if_then(exists, [&] { store_result(rows[i], columns[i], joined[i]); });
    }
  }

  void store_result(Value row, Value column, Value value) {
    Operation* combine = stores_.combine;
    const Value result = combine->getResult(0);
    bind_element(e_, combine, round_to(b_, dtype_of(result), value));
    const Values index{place_.batch, rows_.step(row), rows_.head(row), column};
    for (const kernel::Store& store : stores_.results)
      emit_store(e_, store, b_.linearize(index, shape_of(result)), 1);
  }

  // Rows of the staged numbers, so that whole batches of splits can be read.
  std::int64_t padded_splits() const {
    return (shape_.splits + kSplitsAtOnce - 1) / kSplitsAtOnce * kSplitsAtOnce;
  }

  static constexpr std::int64_t kSplitsAtOnce = 4;

  Elements& e_;
  KernelBuilder& b_;
  const JoinedStores& stores_;
  const AttentionShape& shape_;
  const AttentionPlace& place_;
  TileRows rows_;
  std::int64_t row_count_, threads_;
  Value largest_, sums_;
};

}  // namespace

void join_parts(Elements& elements, const JoinedStores& stores, const AttentionShape& shape,
                const AttentionPlace& place) {
  Join(elements, stores, shape, place).emit();
}

}  // namespace ashlar::codegen
