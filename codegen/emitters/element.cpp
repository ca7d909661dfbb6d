// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/element.h"

#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"

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

Value nearest_index(KernelBuilder& b, Value number, DType dtype, std::int64_t extent) {
  const Type type = number.getType();
  if (is_signed(dtype))
    number = b.make<arith::MaxSIOp>(number, b.integer(type, 0));
  const Value last = b.integer(type, extent - 1);
  const Value beyond = b.make<arith::CmpIOp>(arith::CmpIPredicate::ugt, number, last);
  Value nearest = b.select(beyond, last, number);
  if (type.isInteger(64))
    nearest = b.make<arith::TruncIOp>(b.getI32Type(), nearest);
  return b.to_index(nearest);
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
  case OpClass::quantized:
    return dequantize(op, point);
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

}  // namespace ashlar::codegen
