// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/matrix_choice.h"

#include "codegen/emitters/pick.h"
#include "codegen/emitters/row_reduction.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"
#include "ir/schedule_model.h"

using namespace mlir;

namespace ashlar::codegen {

MatrixChoice::MatrixChoice(KernelBuilder& b, ArrayRef<kernel::Store> stores)
    : b_(b), topk_(kernel::choice_of_matrices(kernel::view_of(b.def()))) {
  for (const kernel::Store& store : stores) {
    const bool is_of_row =
        topk_ && kernel::ops_behind(store.value, llvm::IsaPred<ir::ExpertMatmulOp>).empty();
    (is_of_row ? row_stores_ : product_stores_).push_back(store);
  }
  if (topk_ &&
      (b.workgroup_size() < b.subgroup_size() || !kernel::picks_in_registers(topk_, b.profile())))
    b.fail(topk_,
           "a kernel picks its matrices in the registers of a subgroup: a few of a short row");
}

std::int64_t MatrixChoice::row_count() const {
  const Value scores = topk_->getOperand(0);
  return Line::count(scores, static_cast<std::int64_t>(shape_of(scores).size()) - 1);
}

void MatrixChoice::pick(Elements& elements, Value product, std::int64_t products) const {
  pick_row(elements, b_.div(product, products / row_count()));
}

// By the first subgroup, into workgroup memory.
void MatrixChoice::pick_row(Elements& elements, Value row) const {
  const Value scores = topk_->getOperand(0);
  const std::int64_t wanted = shape_of(topk_->getResult(0)).back();
  const Value numbers = b_.shared(b_.getI32Type(), wanted);
  b_.if_then(b_.less(b_.thread(), b_.subgroup_size()), [&] {
    const Line line(b_, scores, static_cast<std::int64_t>(shape_of(scores).size()) - 1, row);
    const Value picked = pick_first(elements, topk_, line);
    b_.if_then(b_.less(b_.thread(), wanted), [&] { b_.store(picked, numbers, b_.thread()); });
  });
  elements.bind_scalar(topk_->getResult(0), [&b = b_, numbers](ValueRange index) {
    return b.load(numbers, index.back());
  });
}

WorkRange MatrixChoice::rows() const {
  return {row_count(), [this](Value row) { store_row(row); }};
}

void MatrixChoice::store_row(Value row) const {
  Elements elements(b_);
  pick_row(elements, row);
  b_.barrier();
  b_.if_then(b_.less(b_.thread(), b_.subgroup_size()), [&] {
    SmallVector<Value> values;
    for (const kernel::Store& store : row_stores_)
      values.push_back(store.value);
    const RowTeam team{b_.thread(), b_.subgroup_size(), /*width=*/1};
    for (Operation* reduction : kernel::ops_behind(values, kernel::is_reduction))
      bind_row(elements, reduction, reduce_row(elements, reduction, row, team));
    for (const kernel::Store& store : row_stores_) {
      const std::int64_t length = kernel::element_count(store.value.getType()) / row_count();
      b_.for_each(b_.thread(), b_.index(length), b_.index(b_.subgroup_size()),
                  [&](Value i) { emit_store(elements, store, b_.add(b_.mul(row, length), i), 1); });
    }
  });
}

}  // namespace ashlar::codegen
