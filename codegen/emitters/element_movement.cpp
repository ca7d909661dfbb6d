// SPDX-License-Identifier: Apache-2.0
// Elements through movement ops, gathers and the joining of attention's parts.
#include "codegen/emitters/combine_parts.h"
#include "codegen/emitters/element.h"
#include "codegen/emitters/index_map.h"
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"

using namespace mlir;

namespace ashlar::codegen {

Values Elements::movement(Operation* op, OpKind kind, const Point& point) {
  switch (kind) {
  case OpKind::reshape:
    return reshape(op, point);
  case OpKind::transpose:
    return transpose(op, point);
  case OpKind::broadcast:
    return broadcast(op, point);
  case OpKind::slice:
    return slice(op, point);
  case OpKind::pad:
    return pad(op, point);
  default:
    return concat(op, point);
  }
}

Values Elements::reshape(Operation* op, const Point& point) {
  Value input = op->getOperand(0);
  auto mapped = reshape_point(b_, point, shape_of(op->getResult(0)), shape_of(input));
  return mapped ? at(input, *mapped) : lanes(op->getResult(0), point);
}

Values Elements::transpose(Operation* op, const Point& point) {
  Point mapped = point;
  for (auto [i, axis] : llvm::enumerate(cast<ir::TransposeOp>(op).getPermutation())) {
    mapped.index[static_cast<std::size_t>(axis)] = point.index[i];
    if (point.axis == static_cast<int>(i))
      mapped.axis = static_cast<int>(axis);
  }
  return at(op->getOperand(0), mapped);
}

Values Elements::broadcast(Operation* op, const Point& point) {
  Value input = op->getOperand(0);
  ArrayRef<std::int64_t> shape = shape_of(input);
  const std::size_t added = point.index.size() - shape.size();
  Point mapped{{}, point.axis < 0 ? -1 : point.axis - static_cast<int>(added), point.width};
  for (auto [i, extent] : llvm::enumerate(shape))
    mapped.index.push_back(extent == 1 ? b_.index(0) : point.index[added + i]);
  const bool repeats =
      point.axis >= 0 && (mapped.axis < 0 || shape[static_cast<std::size_t>(mapped.axis)] == 1);
  return repeats ? uniform(input, mapped.index, point.width) : at(input, mapped);
}

Values Elements::slice(Operation* op, const Point& point) {
  auto slice = cast<ir::SliceOp>(op);
  Point mapped = point;
  for (auto [i, index] : llvm::enumerate(point.index)) {
    const std::int64_t start = slice.getStarts()[i], step = slice.getSteps()[i];
    const bool is_packed = point.axis == static_cast<int>(i);
    if (is_packed && (step != 1 || start % point.width != 0))
      return lanes(op->getResult(0), point);
    mapped.index[i] = b_.add(b_.mul(index, step), start);
  }
  return at(op->getOperand(0), mapped);
}

Values Elements::pad(Operation* op, const Point& point) {
  auto pad = cast<ir::PadOp>(op);
  Value input = op->getOperand(0);
  const DType dtype = dtype_of(input);
  Point mapped = point;
  Value inside = b_.boolean(true);
  for (auto [i, extent] : llvm::enumerate(shape_of(input))) {
    const std::int64_t low = pad.getLow()[i];
    const bool is_packed = point.axis == static_cast<int>(i);
    if (is_packed && (low % point.width != 0 || extent % point.width != 0))
      return lanes(op->getResult(0), point);
    if (low == 0 && pad.getHigh()[i] == 0)
      continue;
    mapped.index[i] = b_.sub(point.index[i], b_.index(low));
    // One unsigned comparison: below `low` the difference is negative, thus large.
    inside = b_.both(inside, b_.make<arith::CmpIOp>(arith::CmpIPredicate::ult, mapped.index[i],
                                                    b_.index(extent)));
  }
  const Values outside(static_cast<std::size_t>(point.width),
                       scalar_constant(b_, dtype, pad.getValue().convertToDouble()));
  const llvm::SmallVector<Type> types(outside.size(), compute_type(b_, dtype));
  return b_.if_values(inside, types, [&] { return at(input, mapped); }, [&] { return outside; });
}

Values Elements::concat(Operation* op, const Point& point) {
  const std::int64_t axis = cast<ir::ConcatOp>(op).getAxis();
  if (point.axis == static_cast<int>(axis))
    for (Value input : op->getOperands())
      if (shape_of(input)[static_cast<std::size_t>(axis)] % point.width != 0)
        return lanes(op->getResult(0), point);
  return concat_from(op, point, 0, 0);
}

// Input `operand`, which begins at `offset` along the axis, or one of those behind it.
Values Elements::concat_from(Operation* op, const Point& point, unsigned operand,
                             std::int64_t offset) {
  const auto axis = static_cast<std::size_t>(cast<ir::ConcatOp>(op).getAxis());
  Value input = op->getOperand(operand);
  const std::int64_t end = offset + shape_of(input)[axis];
  auto read = [&] {
    Point mapped = point;
    mapped.index[axis] = b_.add(point.index[axis], -offset);
    return at(input, mapped);
  };
  if (operand + 1 == op->getNumOperands())
    return read();
  auto beyond = [&] { return concat_from(op, point, operand + 1, end); };
  if (end == offset)
    return beyond();
  if (auto known = b_.known_less(point.index[axis], end))
    return *known ? read() : beyond();
  const Value here = b_.less(point.index[axis], end);
  const llvm::SmallVector<Type> types(static_cast<std::size_t>(point.width),
                                      compute_type(b_, dtype_of(input)));
  return b_.if_values(here, types, read, beyond);
}

// ---- Gathers

// `input` at `point`, whose index along `axis` is the number `row`; 0 where there is no such row.
Values Elements::gather(Value input, Value row, DType row_type, std::int64_t axis, Point point) {
  const DType dtype = dtype_of(input);
  const std::int64_t extent = shape_of(input)[static_cast<std::size_t>(axis)];
  const Value zero = b_.zero_of(compute_type(b_, dtype));
  if (extent == 0)
    return Values(static_cast<std::size_t>(point.width), zero);
  const RowIndex chosen = row_index(b_, row, row_type, extent, /*wraps=*/true);
  point.index[static_cast<std::size_t>(axis)] = chosen.index;
  Values values = at(input, point);
  for (Value& value : values)
    value = b_.select(chosen.inside, value, zero);
  return values;
}

Values Elements::take(Operation* op, const Point& point) {
  Value input = op->getOperand(0), indices = op->getOperand(1);
  const std::int64_t axis = cast<ir::TakeOp>(op).getAxis();
  const auto index_rank = static_cast<int>(shape_of(indices).size());
  const int first = static_cast<int>(axis), last = first + index_rank;
  if (point.axis >= first && point.axis < last)
    return lanes(op->getResult(0), point);
  ValueRange index = point.index;
  const Values where(
      index.slice(static_cast<std::size_t>(first), static_cast<std::size_t>(index_rank)));
  Point mapped{Values(index.take_front(static_cast<std::size_t>(first))), point.axis, point.width};
  mapped.index.push_back(b_.index(0));
  mapped.index.append(index.begin() + last, index.end());
  if (point.axis >= last)
    mapped.axis = point.axis - index_rank + 1;
  return gather(input, at(indices, where), dtype_of(indices), axis, std::move(mapped));
}

Values Elements::take_along_axis(Operation* op, const Point& point) {
  if (point.width > 1)
    return lanes(op->getResult(0), point);
  Value input = op->getOperand(0), indices = op->getOperand(1);
  const std::int64_t axis = cast<ir::TakeAlongAxisOp>(op).getAxis();
  return gather(input, at(indices, point)[0], dtype_of(indices), axis, point);
}

// ---- The parts of split attention

Values Elements::combine(Operation* op, const Point& point) {
  Value partials = op->getOperand(0);
  const std::int64_t splits = shape_of(partials)[3], width = shape_of(partials)[4] - 2;
  if (point.width > 1 && point.axis != 3)
    return lanes(op->getResult(0), point);
  auto part = [&](Value split, Value element) {
    Values index(point.index.begin(), point.index.begin() + 3);
    index.append({split, element});
    return at(partials, index);
  };
  auto values = [&](Value split) {
    Values terms;
    for (std::int64_t i = 0; i < point.width; ++i)
      terms.push_back(part(split, b_.add(point.index[3], i)));
    return terms;
  };
  Values results =
      combine_parts(b_, b_.index(splits), 1, static_cast<std::size_t>(point.width), /*at_once=*/1,
                    {.largest = [&](Value s) -> Values { return {part(s, b_.index(width))}; },
                     .sums = [&](Value s) -> Values { return {part(s, b_.index(width + 1))}; },
                     .values = values});
  for (Value& result : results)
    result = round_to(b_, dtype_of(op->getResult(0)), result);
  return results;
}

}  // namespace ashlar::codegen
