// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/stores.h"

#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

// One scatter or scatter_add into a buffer.
class Scatter {
public:
  Scatter(Elements& elements, const kernel::Store& store)
      : e_(elements), b_(elements.builder()), buffer_(store.buffer), op_(store.scatter),
        target_(op_->getOperand(0)), indices_(op_->getOperand(1)), updates_(op_->getOperand(2)),
        axis_(op_->getAttrOfType<IntegerAttr>("axis").getInt()), adds_(isa<ir::ScatterAddOp>(op_)),
        distinct_(is_distinct_along(indices_, axis_)) {}

  void emit(const Point& point) {
    if (point.width == 1 || shares_row(point))
      return emit_row(point);
    for (std::int64_t i = 0; i < point.width; ++i)
      emit_row(point.lane(b_, i));
  }

private:
  std::int64_t count() const { return shape_of(updates_)[static_cast<std::size_t>(axis_)]; }

  // Whether all elements of the point go to the same row.
  bool shares_row(const Point& point) const {
    return point.axis != static_cast<int>(axis_) && !adds_ &&
           shape_of(indices_)[static_cast<std::size_t>(point.axis)] == 1;
  }

  // The row number of update `p` (along the axis) in the line of `point`.
  Value number(const Point& point, Value p) {
    Values index = point.index;
    index[static_cast<std::size_t>(axis_)] = p;
    for (auto [i, extent] : llvm::zip_equal(index, shape_of(indices_)))
      i = extent == 1 ? b_.index(0) : i;
    return e_.at(indices_, index);
  }

  // Whether any update p of [from, to) goes to row `mine`.
  Value any_same(const Point& point, Value mine, Value from, Value to) {
    return b_.loop(from, to, b_.index(1), b_.boolean(false),
                   [&](Value p, ValueRange any) -> Values {
                     return {b_.make<arith::OrIOp>(any[0], b_.equal(number(point, p), mine))};
                   })[0];
  }

  void emit_row(const Point& point) {
    const Value p = point.index[static_cast<std::size_t>(axis_)];
    const Value mine = number(point, p);
    const RowIndex row = row_index(b_, mine, dtype_of(indices_),
                                   shape_of(target_)[static_cast<std::size_t>(axis_)], false);
    b_.if_then(row.inside, [&] {
      Values index = point.index;
      index[static_cast<std::size_t>(axis_)] = row.index;
      const Value at = b_.linearize(index, shape_of(target_));
      if (distinct_ || count() == 1)
        return adds_ ? add(point, mine, at) : replace(point, at);
      // The last update of a row replaces it; the first one adds up all of them.
      const Value rival = adds_ ? any_same(point, mine, b_.index(0), p)
                                : any_same(point, mine, b_.add(p, 1), b_.index(count()));
      b_.if_then(b_.make<arith::XOrIOp>(rival, b_.boolean(true)),
                 [&] { adds_ ? add(point, mine, at) : replace(point, at); });
    });
  }

  void replace(const Point& point, Value at) {
    store_packet(b_, buffer_, dtype_of(target_), at, e_.at(updates_, point));
  }

  void add(const Point& point, Value mine, Value at) {
    const DType dtype = dtype_of(target_);
    const DType sum_dtype = is_float(dtype) ? DType::f32 : dtype;
    auto plus = [&](Value x, Value y) {
      return scalar_op(b_, OpKind::add, {x, y}, sum_dtype, sum_dtype);
    };
    Value sum = plus(load_element(b_, buffer_, dtype, at), e_.at(updates_, point)[0]);
    if (!distinct_ && count() > 1)
      sum = add_later(point, mine, sum, plus);
    store_element(b_, buffer_, dtype, at, round_to(b_, dtype, sum));
  }

  Value add_later(const Point& point, Value mine, Value sum,
                  llvm::function_ref<Value(Value, Value)> plus) {
    const Value p = point.index[static_cast<std::size_t>(axis_)];
    auto body = [&](Value other, ValueRange sums) -> Values {
      Values index = point.index;
      index[static_cast<std::size_t>(axis_)] = other;
      Value with = plus(sums[0], e_.at(updates_, index));
      return {b_.select(b_.equal(number(point, other), mine), with, sums[0])};
    };
    return b_.loop(b_.add(p, 1), b_.index(count()), b_.index(1), sum, body)[0];
  }

  Elements& e_;
  KernelBuilder& b_;
  unsigned buffer_;
  Operation* op_;
  Value target_, indices_, updates_;
  std::int64_t axis_;
  bool adds_, distinct_;
};

bool is_constant_along(Value tensor, std::int64_t axis);

// Whether the values differ along the axis, step by step by the same amount.
bool counts_along(Value tensor, std::int64_t axis) {
  Operation* op = tensor.getDefiningOp();
  if (!op)
    return false;
  if (auto iota = dyn_cast<ir::IotaOp>(op))
    return static_cast<std::int64_t>(iota.getAxis()) == axis;
  if (isa<ir::AddOp, ir::SubOp>(op)) {
    Value a = op->getOperand(0), c = op->getOperand(1);
    return (counts_along(a, axis) && is_constant_along(c, axis)) ||
           (is_constant_along(a, axis) && counts_along(c, axis));
  }
  if (isa<ir::CastOp>(op))
    return is_integer(dtype_of(op->getOperand(0))) &&
           size_of(dtype_of(op->getOperand(0))) <= size_of(dtype_of(tensor)) &&
           counts_along(op->getOperand(0), axis);
  if (isa<ir::BroadcastOp>(op)) {
    const std::int64_t added = static_cast<std::int64_t>(shape_of(tensor).size()) -
                               static_cast<std::int64_t>(shape_of(op->getOperand(0)).size());
    return axis >= added &&
           shape_of(op->getOperand(0))[static_cast<std::size_t>(axis - added)] ==
               shape_of(tensor)[static_cast<std::size_t>(axis)] &&
           counts_along(op->getOperand(0), axis - added);
  }
  if (isa<ir::ReshapeOp>(op)) {
    // Only axes of extent 1 come and go.
    ArrayRef<std::int64_t> from = shape_of(op->getOperand(0)), to = shape_of(tensor);
    auto wide = [](std::int64_t d) { return d != 1; };
    if (llvm::to_vector(llvm::make_filter_range(from, wide)) !=
        llvm::to_vector(llvm::make_filter_range(to, wide)))
      return false;
    const auto rank = llvm::count_if(to.take_front(static_cast<std::size_t>(axis)), wide);
    std::int64_t seen = 0;
    for (auto [i, extent] : llvm::enumerate(from))
      if (wide(extent) && seen++ == rank)
        return counts_along(op->getOperand(0), static_cast<std::int64_t>(i));
  }
  return false;
}

bool is_constant_along(Value tensor, std::int64_t axis) {
  if (shape_of(tensor)[static_cast<std::size_t>(axis)] == 1)
    return true;
  Operation* op = tensor.getDefiningOp();
  if (!op)
    return false;
  if (isa<ir::FullOp>(op))
    return true;
  if (auto iota = dyn_cast<ir::IotaOp>(op))
    return static_cast<std::int64_t>(iota.getAxis()) != axis;
  if (isa<ir::BroadcastOp>(op)) {
    const std::int64_t added = static_cast<std::int64_t>(shape_of(tensor).size()) -
                               static_cast<std::int64_t>(shape_of(op->getOperand(0)).size());
    return axis < added || is_constant_along(op->getOperand(0), axis - added);
  }
  const OpInfo* info = ir::find_op_info(op);
  return info && info->op_class == OpClass::elementwise &&
         llvm::all_of(op->getOperands(), [&](Value v) { return is_constant_along(v, axis); });
}

bool is_negative_constant(Value tensor) {
  auto full = tensor.getDefiningOp<ir::FullOp>();
  return full && full.getValue().convertToDouble() < 0;
}

// The modulus of a remainder by one number, or 0.
std::int64_t modulus_of(Operation* op) {
  Value modulus = op->getOperand(1);
  if (auto broadcast = modulus.getDefiningOp<ir::BroadcastOp>())
    modulus = broadcast.getInput();
  auto full = modulus.getDefiningOp<ir::FullOp>();
  return full ? static_cast<std::int64_t>(full.getValue().convertToDouble()) : 0;
}

}  // namespace

bool is_distinct_along(Value indices, std::int64_t axis) {
  const std::int64_t extent = shape_of(indices)[static_cast<std::size_t>(axis)];
  if (extent == 1 || counts_along(indices, axis))
    return true;
  Operation* op = indices.getDefiningOp();
  if (isa_and_nonnull<ir::SelectOp>(op))
    return (is_distinct_along(op->getOperand(1), axis) &&
            is_negative_constant(op->getOperand(2))) ||
           (is_distinct_along(op->getOperand(2), axis) && is_negative_constant(op->getOperand(1)));
  if (isa_and_nonnull<ir::RemainderOp>(op))
    return extent <= modulus_of(op) && counts_along(op->getOperand(0), axis);
  return false;
}

void emit_store(Elements& elements, const kernel::Store& store, Value linear, std::int64_t width) {
  emit_store(elements, store, point_at(elements.builder(), store.domain(), linear, width));
}

void emit_store(Elements& elements, const kernel::Store& store, const Point& point) {
  if (store.scatter)
    return Scatter(elements, store).emit(point);
  KernelBuilder& b = elements.builder();
  store_packet(b, store.buffer, dtype_of(store.value),
               b.linearize(point.index, store.domain().getShape()),
               elements.at(store.value, point));
}

void emit_stores(Elements& elements, ArrayRef<kernel::Store> stores, Value linear,
                 std::int64_t width) {
  KernelBuilder& b = elements.builder();
  SmallVector<std::pair<kernel::Store, Values>> plain;
  for (const kernel::Store& store : stores)
    if (store.scatter)
      emit_store(elements, store, linear, width);
  for (const kernel::Store& store : stores)
    if (!store.scatter)
      plain.push_back(
          {store, elements.at(store.value, point_at(b, store.domain(), linear, width))});
  for (const auto& [store, values] : plain)
    store_packet(b, store.buffer, dtype_of(store.value), linear, values);
}

bool check_epilogue(KernelBuilder& b, ArrayRef<kernel::Store> stores, ArrayRef<Operation*> roots) {
  if (roots.empty())
    return true;
  llvm::DenseSet<Operation*> behind(roots.begin(), roots.end());
  for (Operation& op : *roots.front()->getBlock()) {
    const OpInfo* info = ir::find_op_info(&op);
    const bool uses = llvm::any_of(op.getOperands(), [&](Value operand) {
      return operand.getDefiningOp() && behind.contains(operand.getDefiningOp());
    });
    if (!uses || isa<kernel::YieldOp, ir::ScatterOp, ir::ScatterAddOp>(op))
      continue;
    behind.insert(&op);
    const bool follows =
        info && (info->op_class == OpClass::elementwise || info->op_class == OpClass::random ||
                 info->kind == OpKind::reshape);
    if (!follows) {
      b.fail(&op, "moves elements behind the kernel's root");
      return false;
    }
  }
  const std::int64_t elements = kernel::element_count(roots.front()->getResult(0).getType());
  for (const kernel::Store& store : stores) {
    Operation* indices = store.scatter ? store.scatter->getOperand(1).getDefiningOp() : nullptr;
    const bool fits = kernel::element_count(store.value.getType()) == elements;
    if ((behind.contains(store.value.getDefiningOp()) && !fits) || behind.contains(indices)) {
      b.fail(roots.front(), "an output must have the element count of the kernel's root");
      return false;
    }
  }
  return true;
}

bool check_stores(KernelBuilder& b, ArrayRef<kernel::Store> stores, Operation* root) {
  const std::int64_t elements = kernel::element_count(root->getResult(0).getType());
  for (const kernel::Store& store : stores)
    if (kernel::element_count(store.value.getType()) != elements) {
      b.fail(root, "an output must have the element count of the kernel's root");
      return false;
    }
  return check_epilogue(b, stores, root);
}

void bind_element(Elements& elements, Operation* root, Value value) {
  elements.bind_scalar(root->getResult(0), [value](ValueRange) { return value; });
}

void bind_packet(Elements& elements, Operation* root, Value linear, const Values& values) {
  const Value result = root->getResult(0);
  elements.bind(result, [&b = elements.builder(), result, linear, values](const Point& point) {
    if (point.width == static_cast<std::int64_t>(values.size()))
      return values;
    // The lanes have parted ways: this is one of them.
    const Value lane = b.sub(b.linearize(point.index, shape_of(result)), linear);
    Value chosen = values[0];
    for (std::size_t i = 1; i < values.size(); ++i)
      chosen = b.select(b.equal(lane, b.index(static_cast<std::int64_t>(i))), values[i], chosen);
    return Values{chosen};
  });
}

FailureOr<SmallVector<kernel::Store>> checked_stores(kernel::DefOp def) {
  auto stores = kernel::stores_of(kernel::view_of(def));
  if (!stores) {
    def.emitOpError("an in-place output must be scatters onto its input");
    return failure();
  }
  llvm::DenseSet<unsigned> updated;
  for (const kernel::Store& store : *stores)
    if (store.scatter && !updated.insert(store.buffer).second) {
      store.scatter->emitOpError("a kernel updates a buffer by one scatter");
      return failure();
    }
  return std::move(*stores);
}

}  // namespace ashlar::codegen
