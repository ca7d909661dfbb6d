// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/grouped_rows.h"

using namespace mlir;

namespace ashlar::codegen {

static Point packet(Values index, std::int64_t width) {
  const int axis = width > 1 ? static_cast<int>(index.size()) - 1 : -1;
  return {std::move(index), axis, width};
}

GroupedRows::GroupedRows(Elements& elements, kernel::GroupedMatmulOp root)
    : e_(elements), b_(elements.builder()), root_(root), count_(shape_of(root.getResult())[0]),
      matrices_(shape_of(root.getRhs())[0]) {}

void GroupedRows::allocate(std::int64_t tile_m) {
  tile_m_ = tile_m;
  rows_ = b_.shared(b_.getI32Type(), tile_m);
  numbers_ = b_.shared(b_.getI32Type(), tile_m);
}

void GroupedRows::load(Value first_m) {
  first_m_ = first_m;
  b_.for_each(b_.thread(), b_.index(tile_m_), b_.index(b_.workgroup_size()), [&](Value m) {
    const Value position = b_.min(b_.add(first_m, m), b_.index(count_ - 1));
    const Value row = b_.to_index(e_.at(root_.getOrder(), position));
    const Value matrix =
        nearest_index(b_, e_.at(root_.getIds(), row), dtype_of(root_.getIds()), matrices_);
    b_.store(b_.to_i32(row), rows_, m);
    b_.store(b_.to_i32(matrix), numbers_, m);
  });
  b_.barrier();
}

TileSide GroupedRows::left_side() {
  return {root_.getLhs(), count_, /*packs_k=*/true,
          [this](Value line, Value k, std::int64_t width) {
            return packet({row(tile_position(line)), k}, width);
          }};
}

TileSide GroupedRows::right_side() {
  const bool transposed = root_.getTransposeRhs();
  return {root_.getRhs(), shape_of(root_.getResult())[1], transposed,
          [this, transposed](Value line, Value k, std::int64_t width) {
            return packet(transposed ? Values{matrix_, line, k} : Values{matrix_, k, line}, width);
          }};
}

Value GroupedRows::starts_run(Value tile_m) {
  const Value before = number(b_.max(b_.sub(tile_m, b_.index(1)), b_.index(0)));
  const Value differs = b_.make<arith::CmpIOp>(arith::CmpIPredicate::ne, number(tile_m), before);
  return b_.either(b_.equal(tile_m, b_.index(0)), differs);
}

}  // namespace ashlar::codegen
