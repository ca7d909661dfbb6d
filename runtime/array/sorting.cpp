// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/sorting.h"

#include "runtime/array/indexing.h"
#include "runtime/array/origin.h"
#include "runtime/array/table_functions.h"

namespace ashlar {

Array sort(const Operand& input, int axis, bool descending) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return table::sort(x, normalize_axis(axis, x.rank()), descending);
}

Array argsort(const Operand& input, int axis, bool descending) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return table::argsort(x, normalize_axis(axis, x.rank()), descending);
}

Array topk(const Operand& input, std::int64_t k, int axis) {
  const WrittenAt at(input.where());
  return take_along_axis(input, topk_indices(input, k, axis), axis);
}

Array topk_indices(const Operand& input, std::int64_t k, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return table::topk_indices(x, k, normalize_axis(axis, x.rank()));
}

}  // namespace ashlar
