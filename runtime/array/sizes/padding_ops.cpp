// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/sizes/padding_ops.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"

#include <cmath>
#include <limits>

namespace ashlar {

Array masked(const Array& x, std::int64_t axis, const Array& extent, const Array& fill) {
  const Array index = table::iota(x.shape().dims(), DType::i32, axis);
  return table::select(index < extent, x, broadcast(fill, x.shape()));
}

Array packed(const Array& x, const std::vector<Array>& extents) {
  Array rest = arange(x.size()), index = zeros({}, DType::i32);
  std::int64_t stride = 1;
  for (int axis = x.rank() - 1; axis >= 0; --axis) {
    const Array& extent = extents[static_cast<std::size_t>(axis)];
    index = index + rest % extent * stride;
    rest = floor_divide(rest, extent);
    stride *= x.dim(axis);
  }
  return take(flatten(x), index, 0);
}

Array unpacked(const Array& flat, const Shape& shape, const std::vector<Array>& extents) {
  Array index = zeros(shape, DType::i32), stride = full({}, 1, DType::i32);
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index = index + table::iota(shape.dims(), DType::i32, axis) * stride;
    stride = stride * extents[static_cast<std::size_t>(axis)];
  }
  return take(flat, index, 0);
}

Array lowest(DType dtype) {
  if (is_float(dtype))
    return full({}, -std::numeric_limits<double>::infinity(), dtype);
  switch (dtype) {
  case DType::i8:
  case DType::i16:
  case DType::i32:
  case DType::i64:
    return table::full({}, dtype, -std::ldexp(1.0, static_cast<int>(8 * size_of(dtype)) - 1));
  default:
    return zeros({}, dtype);
  }
}

Array highest(DType dtype) {
  return is_float(dtype) ? -lowest(dtype) : ~lowest(dtype);
}

}  // namespace ashlar
