// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/element.h"

#include "codegen/emitters/index_map.h"
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ashlar::codegen {

DType dtype_of(Value tensor) {
  // Verified types: the dialect admits no other element types.
  return *ir::dtype_of(cast<RankedTensorType>(tensor.getType()).getElementType());
}

ArrayRef<std::int64_t> shape_of(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getShape();
}

Point Point::lane(KernelBuilder& b, std::int64_t lane) const {
  Point point{index, -1, 1};
  if (axis >= 0)
    point.index[static_cast<std::size_t>(axis)] =
        b.add(index[static_cast<std::size_t>(axis)], lane);
  return point;
}

Point point_at(KernelBuilder& b, RankedTensorType type, Value linear, std::int64_t width) {
  Point point{b.delinearize(linear, type.getShape()), -1, width};
  if (width > 1)
    point.axis = static_cast<int>(type.getRank()) - 1;
  return point;
}

RowIndex row_index(KernelBuilder& b, Value number, DType dtype, std::int64_t extent, bool wraps) {
  Type type = number.getType();
  const bool is_dynamic = extent == ShapedType::kDynamic;
  if (wraps && is_signed(dtype) && !is_dynamic) {
    Value negative = b.less(number, b.integer(type, 0));
    Value wrapped = b.make<arith::AddIOp>(number, b.integer(type, extent));
    number = b.select(negative, wrapped, number);
  }
  // Negative numbers are large as unsigned ones.
  Value limit = b.integer(type, is_dynamic ? INT32_MAX : extent);
  Value inside = b.make<arith::CmpIOp>(arith::CmpIPredicate::ult, number, limit);
  Value safe = b.select(inside, number, b.integer(type, 0));
  if (type.isInteger(64))
    safe = b.make<arith::TruncIOp>(b.getI32Type(), safe);
  return {inside, b.to_index(safe)};
}

// ---- Memory of what has been evaluated

Elements::Key Elements::key_of(Value tensor, const Point& point) {
  std::vector<const void*> index;
  for (Value i : point.index)
    index.push_back(i.getAsOpaquePointer());
  return {tensor.getAsOpaquePointer(), point.axis, point.width, std::move(index)};
}

Values Elements::at(Value tensor, const Point& point) {
  const Key key = key_of(tensor, point);
  if (auto found = memo_.find(key); found != memo_.end() && b_.is_visible(found->second.scope))
    return found->second.values;
  Values values = evaluate(tensor, point);
  memo_[key] = {b_.scope(), values};
  return values;
}

Value Elements::at(Value tensor, ValueRange index) {
  return at(tensor, Point{Values(index), -1, 1})[0];
}

void Elements::bind(Value tensor, Source source) {
  bound_[tensor] = std::move(source);
}

void Elements::bind_scalar(Value tensor, ScalarSource source) {
  bind(tensor, [this, source = std::move(source)](const Point& point) {
    Values values;
    for (std::int64_t i = 0; i < point.width; ++i)
      values.push_back(source(point.lane(b_, i).index));
    return values;
  });
}

// ---- Evaluation

Values Elements::evaluate(Value tensor, const Point& point) {
  if (auto bound = bound_.find(tensor); bound != bound_.end()) {
    const Source source = bound->second;  // evaluation may bind more
    return source(point);
  }
  if (auto block_argument = dyn_cast<BlockArgument>(tensor))
    return argument(block_argument, point);
  Operation* op = tensor.getDefiningOp();
  if (isa<kernel::AttentionCombineOp>(op))
    return combine(op, point);
  const OpInfo* info = ir::find_op_info(op);
  const OpClass op_class = info ? info->op_class : OpClass::sort;
  switch (op_class) {
  case OpClass::source:
    return source(op, info->kind, point);
  case OpClass::elementwise:
    return elementwise(op, info->kind, point);
  case OpClass::random:
    return philox(op, point);
  case OpClass::movement:
    return movement(op, info->kind, point);
  case OpClass::gather:
    if (info->kind == OpKind::take)
      return take(op, point);
    if (info->kind == OpKind::take_along_axis)
      return take_along_axis(op, point);
    [[fallthrough]];
  default:
    b_.fail(op, "cannot be computed inside a kernel of this root");
    return Values(static_cast<std::size_t>(point.width),
                  b_.zero_of(compute_type(b_, dtype_of(tensor))));
  }
}

// Element by element, where the lanes part ways.
Values Elements::lanes(Value tensor, const Point& point) {
  Values values;
  for (std::int64_t i = 0; i < point.width; ++i)
    values.push_back(at(tensor, point.lane(b_, i))[0]);
  return values;
}

// All lanes see the same element.
Values Elements::uniform(Value tensor, Values index, std::int64_t width) {
  return Values(static_cast<std::size_t>(width), at(tensor, Point{std::move(index), -1, 1})[0]);
}

Values Elements::argument(BlockArgument argument, const Point& point) {
  ArrayRef<std::int64_t> shape = shape_of(argument);
  const DType dtype = dtype_of(argument);
  const Value linear = b_.linearize(point.index, shape);
  if (point.width == 1)
    return {load_element(b_, argument.getArgNumber(), dtype, linear)};
  const auto axis = static_cast<std::size_t>(point.axis);
  const bool adjacent = llvm::all_of(shape.drop_front(axis + 1), [](auto d) { return d == 1; });
  const bool aligned = axis == 0 || shape[axis] % point.width == 0;
  if (!adjacent || !aligned)
    return lanes(argument, point);
  return load_packet(b_, argument.getArgNumber(), dtype, linear, point.width);
}

Values Elements::elementwise(Operation* op, OpKind kind, const Point& point) {
  llvm::SmallVector<Values> operands;
  for (Value operand : op->getOperands())
    operands.push_back(at(operand, point));
  const DType from = dtype_of(op->getOperand(kind == OpKind::select ? 1 : 0));
  Values results;
  for (std::size_t lane = 0; lane < static_cast<std::size_t>(point.width); ++lane) {
    Values lane_operands;
    for (const Values& values : operands)
      lane_operands.push_back(values[lane]);
    results.push_back(scalar_op(b_, kind, lane_operands, from, dtype_of(op->getResult(0))));
  }
  if (llvm::is_contained(results, Value())) {
    b_.fail(op, "has no rule for this element type");
    return Values(results.size(), b_.zero_of(compute_type(b_, dtype_of(op->getResult(0)))));
  }
  return results;
}

Values Elements::philox(Operation* op, const Point& point) {
  llvm::SmallVector<Values> operands;
  for (Value operand : op->getOperands())
    operands.push_back(at(operand, point));
  const std::int64_t word = op->getAttrOfType<IntegerAttr>("word").getInt();
  Values results;
  for (std::size_t lane = 0; lane < static_cast<std::size_t>(point.width); ++lane) {
    Values lane_operands;
    for (const Values& values : operands)
      lane_operands.push_back(values[lane]);
    results.push_back(philox_word(b_, lane_operands, word));
  }
  return results;
}

Values Elements::source(Operation* op, OpKind kind, const Point& point) {
  const DType dtype = dtype_of(op->getResult(0));
  if (kind == OpKind::full)
    return Values(static_cast<std::size_t>(point.width),
                  scalar_constant(b_, dtype, cast<ir::FullOp>(op).getValue().convertToDouble()));
  if (kind == OpKind::constant)
    return constant(op, point);
  if (kind != OpKind::iota) {
    b_.fail(op, "must be an input of the kernel");
    return Values(static_cast<std::size_t>(point.width), b_.zero_of(compute_type(b_, dtype)));
  }
  const auto axis = static_cast<std::size_t>(cast<ir::IotaOp>(op).getAxis());
  Values values;
  for (std::int64_t i = 0; i < point.width; ++i)
    values.push_back(scalar_cast(b_, b_.to_i32(point.lane(b_, i).index[axis]), DType::i32, dtype));
  return values;
}

static Value constant_element(KernelBuilder& b, DenseElementsAttr elements, DType dtype,
                              std::int64_t i) {
  if (is_float(dtype))
    return b.f32((*(elements.value_begin<APFloat>() + i)).convertToDouble());
  const APInt bits = *(elements.value_begin<APInt>() + i);
  if (dtype == DType::boolean)
    return b.boolean(!bits.isZero());
  const std::int64_t number =
      is_signed(dtype) ? bits.getSExtValue() : static_cast<std::int64_t>(bits.getZExtValue());
  return b.integer(compute_type(b, dtype), number);
}

Values Elements::constant(Operation* op, const Point& point) {
  constexpr std::int64_t kMostSelected = 64;
  auto elements = dyn_cast<DenseElementsAttr>(cast<ir::ConstantOp>(op).getValue());
  const DType dtype = dtype_of(op->getResult(0));
  if (!elements || (!elements.isSplat() && elements.getNumElements() > kMostSelected)) {
    b_.fail(op, "too many values for a constant inside a kernel: make it an input");
    return Values(static_cast<std::size_t>(point.width), b_.zero_of(compute_type(b_, dtype)));
  }
  if (elements.isSplat())
    return Values(static_cast<std::size_t>(point.width), constant_element(b_, elements, dtype, 0));
  if (point.width > 1)
    return lanes(op->getResult(0), point);
  Value linear = b_.linearize(point.index, shape_of(op->getResult(0)));
  Value chosen = constant_element(b_, elements, dtype, 0);
  for (std::int64_t i = 1; i < elements.getNumElements(); ++i)
    chosen =
        b_.select(b_.equal(linear, b_.index(i)), constant_element(b_, elements, dtype, i), chosen);
  return {chosen};
}

// ---- Movement

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
    mapped.index[axis] = b_.sub(point.index[axis], b_.index(offset));
    return at(input, mapped);
  };
  if (operand + 1 == op->getNumOperands())
    return read();
  auto beyond = [&] { return concat_from(op, point, operand + 1, end); };
  if (end == offset)
    return beyond();
  const Value here = b_.less(point.index[axis], end);
  if (auto known = b_.constant(point.index[axis]))
    return *known < end ? read() : beyond();
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
    return index;
  };
  auto largest_of = [&](Value split) { return at(partials, part(split, b_.index(width))); };

  const Value lowest = b_.f32(-INFINITY);
  Value largest = b_.loop(0, splits, 1, lowest, [&](Value split, ValueRange carried) -> Values {
    return {b_.make<arith::MaxNumFOp>(carried[0], largest_of(split))};
  })[0];
  // A row without keys has -inf everywhere; any finite number keeps its weights at 0.
  largest = b_.select(b_.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, largest, lowest), b_.f32(0),
                      largest);

  Values sums(static_cast<std::size_t>(point.width) + 1, b_.f32(0));
  sums = b_.loop(0, splits, 1, sums, [&](Value split, ValueRange carried) {
    Value weight = b_.make<math::ExpOp>(b_.make<arith::SubFOp>(largest_of(split), largest));
    Values terms{at(partials, part(split, b_.index(width + 1)))};
    for (std::int64_t i = 0; i < point.width; ++i)
      terms.push_back(at(partials, part(split, b_.add(point.index[3], i))));
    Values next;
    for (auto [term, sum] : llvm::zip_equal(terms, carried))
      next.push_back(b_.make<math::FmaOp>(weight, term, sum));
    return next;
  });

  const Value empty = b_.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, sums[0], b_.f32(0));
  const Value denominator = b_.select(empty, b_.f32(1), sums[0]);
  Values results;
  for (Value sum : llvm::drop_begin(sums))
    results.push_back(
        round_to(b_, dtype_of(op->getResult(0)), b_.make<arith::DivFOp>(sum, denominator)));
  return results;
}

}  // namespace ashlar::codegen
