// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/row_reduction.h"

#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"
#include "ir/kernel_region.h"
#include "passes/row_map.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

// How one kind of reduction accumulates. States are one value, or two for argmax and argmin.
class Accumulator {
public:
  Accumulator(KernelBuilder& b, Operation* reduction)
      : b_(b), kind_(ir::find_op_info(reduction)->kind), dtype_(dtype_of(reduction->getOperand(0))),
        result_dtype_(dtype_of(reduction->getResult(0))) {}

  // Changes nothing when combined.
  Values identity() const {
    switch (kind_) {
    case OpKind::reduce_prod:
      return {is_float(dtype_) ? b_.f32(1) : b_.integer(compute_type(b_, dtype_), 1)};
    case OpKind::reduce_max:
    case OpKind::reduce_min:
      return {extreme(kind_ == OpKind::reduce_max)};
    case OpKind::reduce_all:
      return {b_.i32(1)};
    case OpKind::reduce_any:
      return {b_.i32(0)};
    case OpKind::argmax:
    case OpKind::argmin:
      return {b_.zero_of(size_of(dtype_) == 8 ? b_.getI64Type() : b_.getI32Type()),
              b_.i32(INT32_MAX)};
    default:
      return {b_.zero_of(compute_type(b_, dtype_))};
    }
  }

  // The state of one element, number `position` of its row.
  Values element(Value value, Value position) const {
    if (is_arg())
      return {sort_key(b_, dtype_, value, kind_ == OpKind::argmax), b_.to_i32(position)};
    if (dtype_ == DType::boolean)
      return {b_.make<arith::ExtUIOp>(b_.getI32Type(), value)};
    return {value};
  }

  Values combine(ValueRange a, ValueRange c) const {
    switch (kind_) {
    case OpKind::reduce_prod:
      return {scalar_op(b_, OpKind::mul, {a[0], c[0]}, wide_dtype(), wide_dtype())};
    case OpKind::reduce_max:
    case OpKind::reduce_min:
      return {scalar_extremum(b_, kind_ == OpKind::reduce_max, dtype_, a[0], c[0])};
    case OpKind::reduce_any:
      return {b_.make<arith::OrIOp>(a[0], c[0])};
    case OpKind::reduce_all:
      return {b_.make<arith::AndIOp>(a[0], c[0])};
    case OpKind::argmax:
    case OpKind::argmin:
      return better(a, c);
    default:
      return {scalar_op(b_, OpKind::add, {a[0], c[0]}, wide_dtype(), wide_dtype())};
    }
  }

  Value result(ValueRange state) const {
    if (is_arg())
      return state[1];
    if (dtype_ == DType::boolean)
      return b_.make<arith::CmpIOp>(arith::CmpIPredicate::ne, state[0], b_.i32(0));
    return is_float(dtype_) ? round_to(b_, result_dtype_, state[0]) : state[0];
  }

private:
  bool is_arg() const { return kind_ == OpKind::argmax || kind_ == OpKind::argmin; }
  // Sums are f32; integers wrap in their own type.
  DType wide_dtype() const { return is_float(dtype_) ? DType::f32 : dtype_; }

  Value extreme(bool lowest) const {
    if (is_float(dtype_))
      return b_.f32(lowest ? -INFINITY : INFINITY);
    const auto bits = static_cast<int>(size_of(dtype_) * 8);
    const std::int64_t least = is_signed(dtype_) ? INT64_MIN >> (64 - bits) : 0;
    const auto most =
        static_cast<std::int64_t>(~std::uint64_t{0} >> (64 - bits + (is_signed(dtype_) ? 1 : 0)));
    return b_.integer(compute_type(b_, dtype_), lowest ? least : most);
  }

  // The larger key; of equal ones the lower position.
  Values better(ValueRange a, ValueRange c) const {
    Value larger = b_.make<arith::CmpIOp>(arith::CmpIPredicate::ugt, a[0], c[0]);
    Value first = b_.both(b_.equal(a[0], c[0]), b_.less(a[1], c[1]));
    Value keep = b_.make<arith::OrIOp>(larger, first);
    return {b_.select(keep, a[0], c[0]), b_.select(keep, a[1], c[1])};
  }

  KernelBuilder& b_;
  OpKind kind_;
  DType dtype_, result_dtype_;
};

// Packets end where the innermost axis does.
std::int64_t width_of(Operation* reduction, std::int64_t limit) {
  std::int64_t width = limit;
  while (width > 1 && kernel::innermost(reduction->getOperand(0).getType()) % width != 0)
    width /= 2;
  return width;
}

}  // namespace

SmallVector<Turn> unrolled_turns(KernelBuilder& b, const RowTeam& team, std::int64_t packets) {
  SmallVector<Turn> turns;
  if (packets > team.unrolled * team.count)
    return turns;
  for (std::int64_t first = 0; first < packets; first += team.count) {
    const Value packet = b.add(team.number, first);
    if (first + team.count <= packets)
      turns.push_back({packet, Value()});
    else
      turns.push_back({b.min(packet, b.index(packets - 1)), b.less(packet, packets)});
  }
  return turns;
}

void for_packets(KernelBuilder& b, const RowTeam& team, std::int64_t packets,
                 llvm::function_ref<void(Value)> body) {
  const SmallVector<Turn> turns = unrolled_turns(b, team, packets);
  for (const Turn& turn : turns)
    turn.inside ? b.if_then(turn.inside, [&] { body(turn.packet); }) : body(turn.packet);
  if (turns.empty())
    b.for_each(team.number, b.index(packets), b.index(team.count), body);
}

Value reduce_row(Elements& elements, Operation* reduction, Value row, const RowTeam& team) {
  KernelBuilder& b = elements.builder();
  const auto extent = kernel::row_shape_of(reduction);
  if (!extent) {
    b.fail(reduction, "reduces axes other than the last ones");
    return b.zero_of(compute_type(b, dtype_of(reduction->getResult(0))));
  }
  const Accumulator accumulator(b, reduction);
  const Value input = reduction->getOperand(0);
  ArrayRef<std::int64_t> shape = shape_of(input);
  const Values leading = b.delinearize(row, shape.take_front(extent->leading_axes));
  const std::int64_t width = width_of(reduction, team.width);

  // Lanes of a packet accumulate apart, so that their sums do not wait for each other.
  const Values identity = accumulator.identity();
  const std::size_t parts = identity.size();
  Values inits;
  for (std::int64_t i = 0; i < width; ++i)
    inits.append(identity);
  auto step = [&](Value position, ValueRange carried) {
    Point point{leading, -1, width};
    point.index.append(b.delinearize(position, shape.drop_front(extent->leading_axes)));
    if (width > 1)
      point.axis = static_cast<int>(shape.size()) - 1;
    const Values values = elements.at(input, point);
    Values next;
    for (auto [i, value] : llvm::enumerate(values)) {
      const Value where = b.add(position, static_cast<std::int64_t>(i));
      next.append(
          accumulator.combine(carried.slice(i * parts, parts), accumulator.element(value, where)));
    }
    return next;
  };
  const SmallVector<Turn> turns = unrolled_turns(b, team, extent->length / width);
  Values sums = inits;
  for (const Turn& turn : turns) {
    const Values next = step(b.mul(turn.packet, width), sums);
    for (auto [sum, value] : llvm::zip_equal(sums, next))
      sum = turn.inside ? b.select(turn.inside, value, sum) : value;
  }
  if (turns.empty())
    sums = b.loop(b.mul(team.number, width), b.index(extent->length), b.index(team.count * width),
                  inits, step);
  Values total(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(parts));
  for (std::size_t i = 1; i < static_cast<std::size_t>(width); ++i)
    total = accumulator.combine(total, ValueRange(sums).slice(i * parts, parts));
  total = b.reduce(total, team.count,
                   [&](ValueRange x, ValueRange y) { return accumulator.combine(x, y); });
  return accumulator.result(total);
}

void bind_row(Elements& elements, Operation* reduction, Value value) {
  elements.bind_scalar(reduction->getResult(0), [value](ValueRange) { return value; });
}

void bind_rows(Elements& elements, Operation* reduction, ArrayRef<Value> values) {
  KernelBuilder& b = elements.builder();
  const Value tensor = reduction->getResult(0);
  SmallVector<Value> known(values);
  elements.bind_scalar(tensor, [&b, tensor, known](ValueRange index) {
    const Value row = b.linearize(index, shape_of(tensor));
    Value chosen = known.front();
    for (std::size_t i = 1; i < known.size(); ++i)
      chosen = b.select(b.equal(row, b.index(static_cast<std::int64_t>(i))), known[i], chosen);
    return chosen;
  });
}

void reduce_and_bind(Elements& elements, Value value, Value row, const RowTeam& team) {
  for (Operation* reduction : kernel::ops_behind(value, kernel::is_reduction))
    bind_row(elements, reduction, reduce_row(elements, reduction, row, team));
}

bool check_rows(KernelBuilder& b) {
  llvm::DenseMap<Value, std::int64_t> followed;
  for (Operation& op : b.def().getBody().front().without_terminator()) {
    SmallVector<std::int64_t> operands;
    for (Value operand : op.getOperands())
      operands.push_back(followed.lookup(operand));
    const bool is_scatter = isa<ir::ScatterOp, ir::ScatterAddOp>(op);
    const bool concerned =
        kernel::is_reduction(&op) || llvm::any_of(operands, [](auto rows) { return rows != 0; });
    if (is_scatter || !concerned)
      continue;
    const auto rows = rows_after(&op, operands);
    if (!rows) {
      b.fail(&op, "cannot be computed row by row");
      return false;
    }
    followed[op.getResult(0)] = *rows;
  }
  return true;
}

}  // namespace ashlar::codegen
