// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/searching.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/sorting.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <bit>

namespace ashlar {
namespace {

// In the order of sort: NaN after everything.
Array comes_before(const Array& a, const Array& b) {
  const Array less = a < b;
  return is_float(a.dtype()) ? less | (is_nan(b) & !is_nan(a)) : less;
}

void check_position(std::string_view unit, const Array& x, std::int64_t kth, int axis) {
  const std::int64_t extent = x.dim(axis);
  if (kth < -extent || kth >= extent)
    throw InvalidArgument(unit, "position {} is outside an axis of {}", kth, extent);
}

}  // namespace

Array searchsorted(const Operand& sorted, const Operand& values, bool right) {
  const WrittenAt at(sorted.where());
  const Array given = sorted.array();
  if (given.rank() != 1)
    throw InvalidArgument("searchsorted", "needs a sorted vector, got {}",
                          given.shape().to_string());
  const Array like = values.array();
  const DType dtype = values.is_scalar() ? given.dtype() : promote(given.dtype(), like.dtype());
  const Array row = convert(given, dtype), x = convert(like, dtype);
  const std::int64_t count = row.size();
  Array position = zeros(x.shape(), DType::i32);
  // Binary search: the answer grows by falling powers of two as long as what lies before it fits.
  for (auto step = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(count)));
       step > 0; step /= 2) {
    const Array next = position + step;
    const Array last = take(row, minimum(next, count) - 1);
    const Array before = right ? !comes_before(x, last) : comes_before(last, x);
    position = where(before & (next <= count), next, position);
  }
  return position;
}

Array partition(const Operand& input, std::int64_t kth, int axis) {
  const WrittenAt at(input.where());
  check_position("partition", input.array(), kth, axis);
  return sort(input, axis);
}

Array argpartition(const Operand& input, std::int64_t kth, int axis) {
  const WrittenAt at(input.where());
  check_position("argpartition", input.array(), kth, axis);
  return argsort(input, axis);
}

namespace {

// Row-major numbers of the elements that are not 0.
std::vector<std::int32_t> positions_of(const Array& x) {
  const std::vector<std::uint8_t> truth =
      astype(astype(x, DType::boolean), DType::u8).to_vector<std::uint8_t>();
  std::vector<std::int32_t> positions;
  for (std::size_t i = 0; i < truth.size(); ++i)
    if (truth[i] != 0)
      positions.push_back(static_cast<std::int32_t>(i));
  return positions;
}

Array vector_of(std::span<const std::int32_t> values) {
  return array(values, {static_cast<std::int64_t>(values.size())});
}

}  // namespace

std::vector<Array> nonzero(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  const std::vector<std::int32_t> positions = positions_of(x);
  std::vector<Array> result;
  std::int64_t stride = x.size();
  for (std::int64_t extent : x.shape().dims()) {
    std::vector<std::int32_t> index;
    stride /= std::max<std::int64_t>(extent, 1);
    for (std::int32_t position : positions)
      index.push_back(static_cast<std::int32_t>(position / stride % extent));
    result.push_back(vector_of(index));
  }
  return result;
}

Array masked_select(const Operand& input, const Array& mask) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  if (mask.shape() != x.shape())
    throw InvalidArgument("masked_select", "mask {} does not fit {}", mask.shape().to_string(),
                          x.shape().to_string());
  return take(reshape(x, {-1}), vector_of(positions_of(mask)), 0);
}

}  // namespace ashlar
