// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/updates.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"

namespace ashlar {
namespace {

// Where a slice reads, and the values at the places that they go to.
struct Placed {
  Array covered;  // bool, of the input's shape
  Array values;   // in the input's type; 0 elsewhere
};

Array in_type_of(const Array& input, const Operand& values) {
  return values.is_scalar() ? full({}, values, input.dtype())
                            : convert(values.array(), input.dtype());
}

Placed placed(const Array& input, const std::vector<Index>& indices, const Operand& values) {
  const SliceRead read = resolve_indices(input.shape(), indices);
  const Array given = in_type_of(input, values);
  const auto place = [&](const Array& x) {
    return place_slice(reshape(broadcast(x, read.shape), Shape(read.sizes)), input.shape(),
                       read.starts, read.steps);
  };
  return {place(full({}, true)), place(given)};
}

}  // namespace

Array put_along_axis(const Operand& input, const Operand& indices, const Operand& values,
                     int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  const int position = normalize_axis(axis, x.rank());
  const Array index = indices.array();
  const Array wide = convert(index, size_of(index.dtype()) < 4 ? DType::i32 : index.dtype());
  const Array from_start =
      is_signed(wide.dtype()) ? where(wide < 0, wide + x.dim(position), wide) : wide;
  return table::scatter(x, from_start, broadcast(in_type_of(x, values), index.shape()), position);
}

Array slice_update(const Operand& input, const std::vector<Index>& indices, const Operand& values) {
  const WrittenAt at(input.where());
  const auto [covered, moved] = placed(input.array(), indices, values);
  return where(covered, moved, input);
}

Array slice_add(const Operand& input, const std::vector<Index>& indices, const Operand& values) {
  const WrittenAt at(input.where());
  const auto [covered, moved] = placed(input.array(), indices, values);
  return where(covered, input.array() + moved, input);
}

Array slice_multiply(const Operand& input, const std::vector<Index>& indices,
                     const Operand& values) {
  const WrittenAt at(input.where());
  const auto [covered, moved] = placed(input.array(), indices, values);
  return where(covered, input.array() * moved, input);
}

Array slice_apply(const Operand& input, const std::vector<Index>& indices,
                  const std::function<Array(const Array&)>& function) {
  const WrittenAt at(input.where());
  return slice_update(input, indices, function(index(input, indices)));
}

}  // namespace ashlar
