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
       const AttentionPlace& place, std::int64_t width)
      : e_(elements), b_(elements.builder()), stores_(stores), shape_(shape), place_(place),
        rows_(b_, shape, place), row_count_(shape.tile.rows()), threads_(b_.workgroup_size()),
        width_(width) {}

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

  // From `element` on, of what `split` left of a row.
  Values load_part(Value row, Value split, Value element, std::int64_t width) {
    const Values index{place_.batch, rows_.existing_step(row), rows_.existing_head(row), split,
                       element};
    return load_packet(b_, stores_.parts.buffer, DType::f32,
                       b_.linearize(index, shape_of(stores_.parts.value)), width);
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
      const Value largest = load_part(row, safe, b_.index(shape_.value_size), 1)[0];
      b_.store(b_.select(used, largest, b_.f32(-INFINITY)), largest_, i);
      b_.store(load_part(row, safe, b_.index(shape_.value_size + 1), 1)[0], sums_, i);
    });
    b_.barrier();
  }

  // A thread's packets lie a workgroup's width apart; their loads are under way together.
  void store_results() {
    const std::int64_t per_row = shape_.value_size / width_, packets = row_count_ * per_row;
    const std::int64_t turns = (packets + threads_ - 1) / threads_;
    Values rows, elements;
    for (std::int64_t turn = 0; turn < turns; ++turn) {
      const Value item = b_.min(b_.add(b_.thread(), turn * threads_), b_.index(packets - 1));
      rows.push_back(b_.div(item, per_row));
      elements.push_back(b_.mul(b_.rem(item, per_row), width_));
    }
    auto of_rows = [&](Value memory, Value split) {
      Values values;
      for (Value row : rows)
        values.push_back(b_.load(memory, b_.add(b_.mul(row, padded_splits()), split)));
      return values;
    };
    auto values = [&](Value split) {
      Values loaded;
      for (auto [row, element] : llvm::zip_equal(rows, elements))
        loaded.append(load_part(row, last_used(split), element, width_));
      return loaded;
    };
    const auto width = static_cast<std::size_t>(width_);
    const Values joined =
        combine_parts(b_, place_.used_splits, rows.size(), width, kernel::kSplitsAtOnce,
                      {.largest = [&](Value split) { return of_rows(largest_, split); },
                       .sums = [&](Value split) { return of_rows(sums_, split); },
                       .values = values});
    for (std::int64_t turn = 0; turn < turns; ++turn) {
      const auto i = static_cast<std::size_t>(turn);
      auto store = [&] {
        Operation* combine = stores_.combine;
        store_result(e_, combine, stores_.results, shape_, place_, rows[i], elements[i],
                     Values(ArrayRef(joined).slice(i * width, width)));
      };
      (turn + 1) * threads_ <= packets
          ? store()
          : b_.if_then(b_.less(b_.add(b_.thread(), turn * threads_), packets), store);
    }
  }

  // Rows of the staged numbers, so that whole batches of splits can be read.
  std::int64_t padded_splits() const {
    constexpr std::int64_t kAtOnce = kernel::kSplitsAtOnce;
    return (shape_.splits + kAtOnce - 1) / kAtOnce * kAtOnce;
  }

  Elements& e_;
  KernelBuilder& b_;
  const JoinedStores& stores_;
  const AttentionShape& shape_;
  const AttentionPlace& place_;
  TileRows rows_;
  std::int64_t row_count_, threads_, width_;
  Value largest_, sums_;
};

}  // namespace

void join_parts(Elements& elements, const JoinedStores& stores, const AttentionShape& shape,
                const AttentionPlace& place, std::int64_t width) {
  Join(elements, stores, shape, place, width).emit();
}

void store_result(Elements& elements, Operation* op, ArrayRef<kernel::Store> stores,
                  const AttentionShape& shape, const AttentionPlace& place, Value row,
                  Value element, Values values) {
  KernelBuilder& b = elements.builder();
  const TileRows rows(b, shape, place);
  const Value result = op->getResult(0);
  b.if_then(rows.exists(row), [&] {
    for (Value& value : values)
      value = round_to(b, dtype_of(result), value);
    const Value linear =
        b.linearize({place.batch, rows.step(row), rows.head(row), element}, shape_of(result));
    bind_packet(elements, op, linear, values);
    for (const kernel::Store& store : stores)
      emit_store(elements, store, linear, static_cast<std::int64_t>(values.size()));
  });
}

}  // namespace ashlar::codegen
