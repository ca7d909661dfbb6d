// SPDX-License-Identifier: Apache-2.0
#include "passes/partition.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "ir/kernel_region.h"
#include "passes/evaluation_count.h"
#include "passes/op_classes.h"
#include "passes/row_map.h"

using namespace mlir;

namespace ashlar {

FailureOr<FusionPlan> Partition::run() {
  for (Operation& op : block_)
    visit(&op);
  if (failed_)
    return failure();
  for (Operation& op : block_)
    if (isa<ir::StateWriteOp>(op) || op.hasTrait<OpTrait::IsTerminator>())
      for (Value value : op.getOperands())
        store(value);
  return std::move(plan_);
}

void Partition::visit(Operation* op) {
  const bool has_no_value = isa<ir::StateWriteOp>(op) || op->hasTrait<OpTrait::IsTerminator>();
  if (failed_ || has_no_value || is_leaf(op) || !visited_.insert(op).second)
    return;
  if (is_inlinable(op) || kernel::is_reduction(op))
    visit_virtual(op);
  else if (is_scatter(op) && waits_for_attention(op))
    return;  // stored by the attention that reads it
  else if (is_scatter(op))
    visit_scatter(op);
  else if (is_root(op))
    visit_root(op);
  else
    refuse(op, "does not belong into an entry's array graph");
}

void Partition::refuse(Operation* op, StringRef reason) {
  op->emitOpError(reason);
  failed_ = true;
}

std::int64_t Partition::rows_of(Value value) const {
  return plan_.is_stored(value) ? 0 : rows_.lookup(value);
}

void Partition::visit_virtual(Operation* op) {
  if (element_count(op->getResult(0)) == kDynamic)
    return refuse(op, "only scatter, take and attention may use a growable state");
  constexpr std::int64_t kMany = 1024;
  if (fusion_ && isa<ir::BroadcastOp>(op) && element_count(op->getResult(0)) >= kMany)
    store_repeated(op->getOperand(0), element_count(op->getResult(0)));
  auto rows = rows_after(op, rows_of_operands(op, {}));
  if (!rows) {
    store_conflicting(op);
    rows = rows_after(op, rows_of_operands(op, {}));
  }
  if (!rows)
    return refuse(op, "reduces axes that are not the last ones; run ashlar-simplify first");
  rows_[op->getResult(0)] = *rows;
  limit_evaluation(op);
  // Packed weights are unpacked where they are used, even without fusion.
  const bool reads_storage = is_index_map(op) || kernel::is_unpacking(op);
  if (forced_.contains(op->getResult(0)) || (!fusion_ && !reads_storage))
    store(op->getResult(0));
}

SmallVector<std::int64_t> Partition::rows_of_operands(Operation* op, Value only) const {
  return llvm::map_to_vector(op->getOperands(),
                             [&](Value v) { return !only || v == only ? rows_of(v) : 0; });
}

// Stores operands that follow different rows, or rows that the op mixes: all but the one whose
// kernel would run last, if that one alone is fine.
void Partition::store_conflicting(Operation* op) {
  Value kept;
  std::int64_t latest = -1;
  for (Value operand : op->getOperands()) {
    if (rows_of(operand) == 0 || !rows_after(op, rows_of_operands(op, operand)))
      continue;
    const std::int64_t level = plan_.level_after(plan_.inputs_of(plan_.closure(operand)));
    if (level > latest) {
      latest = level;
      kept = operand;
    }
  }
  for (Value operand : op->getOperands())
    if (rows_of(operand) != 0 && operand != kept)
      store(operand);
}

// Index maps can make the code of one element grow exponentially with the depth of the graph;
// values on the way are stored before it grows too long.
void Partition::limit_evaluation(Operation* op) {
  constexpr std::size_t kLongest = 256;
  auto count = [&](Value value) {
    return evaluation_count(value, 2 * kLongest, [&](Value v) { return plan_.is_stored(v); });
  };
  while (count(op->getResult(0)) > kLongest) {
    Value longest = *std::max_element(op->operand_begin(), op->operand_end(),
                                      [&](Value a, Value b) { return count(a) < count(b); });
    if (count(longest) == 0)
      return;
    store(longest);
  }
}

// Stores what would be computed again for each of `repeats` elements: costly functions and norms. A
// single number per row stays, since the row's elements share it; not so what it is made of.
void Partition::store_repeated(Value value, std::int64_t repeats) {
  constexpr std::int64_t kOften = 32;
  const std::int64_t elements = element_count(value);
  if (plan_.is_stored(value) || repeats < kOften * elements)
    return;
  if (rows_of(value) >= elements) {
    for (Value operand : value.getDefiningOp()->getOperands())
      store_repeated(operand, repeats);
  } else if (llvm::any_of(plan_.closure(value), [](Operation* op) {
               return is_costly(op) || kernel::is_reduction(op);
             })) {
    store(value);
  }
}

void Partition::visit_scatter(Operation* op) {
  Value target = op->getOperand(0), indices = op->getOperand(1), updates = op->getOperand(2);
  store(target);
  // Both are evaluated at the index of the update, so they must follow the same rows.
  if (rows_of(indices) != 0 &&
      (rows_of(indices) != rows_of(updates) || element_count(indices) != element_count(updates)))
    store(indices);
  // Updates of one row are told apart by their indices, which are those of other workgroups' rows.
  const auto axis = static_cast<unsigned>(op->getAttrOfType<IntegerAttr>("axis").getInt());
  if (rows_of(indices) != 0 && cast<RankedTensorType>(updates.getType()).getDimSize(axis) > 1)
    store(indices);
  // Of updates that meet, one adds up all, whose rows its own workgroup does not have.
  if (isa<ir::ScatterAddOp>(op) && rows_of(updates) != 0)
    store(updates);
  const bool rows = rows_of(updates) != 0 || rows_of(indices) != 0;
  const std::size_t unit = plan_.add_unit(rows ? "row" : "elementwise", {}, op->getResult(0));
  store_shared(unit, {});
}

void Partition::store(Value value) {
  if (plan_.is_stored(value))
    return;
  const bool row = llvm::any_of(plan_.closure(value), kernel::is_reduction);
  if (auto unit = unit_to_join(value)) {
    if (row)
      plan_.units()[*unit].root = "row";
    plan_.add_output(*unit, value);
    plan_.refresh(*unit);
    return store_shared(*unit, {});
  }
  store_shared(plan_.add_unit(row ? "row" : "elementwise", {}, value), {});
}

// The one light unit of the level before, when the value needs nothing else of that level and is no
// larger than what it needs from there: then the unit computes nothing more often than before.
std::optional<std::size_t> Partition::unit_to_join(Value value) const {
  if (!fusion_)
    return std::nullopt;
  const ValueSet inputs = plan_.inputs_of(plan_.closure(value));
  const std::int64_t level = plan_.level_after(inputs);
  std::optional<std::size_t> found;
  for (Value input : inputs) {
    const std::int64_t producer = plan_.producer_of(input);
    const auto unit = static_cast<std::size_t>(producer);
    if (producer < 0 || plan_.units()[unit].level != level - 1)
      continue;
    if ((found && *found != unit) || !plan_.units()[unit].is_light() ||
        is_scatter(input.getDefiningOp()) || element_count(value) > element_count(input))
      return std::nullopt;
    found = unit;
  }
  return found && follows_one_division(*found, value) ? found : std::nullopt;
}

// Whether the value can be computed row by row where the unit's own values are not loaded.
bool Partition::follows_one_division(std::size_t unit, Value value) const {
  llvm::DenseMap<Value, std::int64_t> rows;
  for (Operation* op : plan_.closure_within(unit, value)) {
    const auto followed = rows_after(
        op, llvm::map_to_vector(op->getOperands(), [&](Value v) { return rows.lookup(v); }));
    if (!followed)
      return false;
    rows[op->getResult(0)] = *followed;
  }
  return true;
}

void Partition::store_source(Value value) {
  while (!plan_.is_stored(value)) {
    Operation* op = value.getDefiningOp();
    const bool widens =
        isa<ir::CastOp>(op) && preserves_values(getElementTypeOrSelf(op->getOperand(0).getType()),
                                                getElementTypeOrSelf(value.getType()));
    if (!widens && !isa<ir::ReshapeOp, ir::TransposeOp>(op))
      break;
    value = op->getOperand(0);
  }
  store(value);
}

// Whether all other users turn the value into the left side of matvecs, which compute their
// prologue in every workgroup anyway: storing it would only add a dependency.
bool Partition::only_feeds_matvecs(Value value, const OpSet& inside) const {
  SmallVector<Value> stack{value};
  while (!stack.empty()) {
    Value next = stack.pop_back_val();
    for (Operation* user : next.getUsers()) {
      if (inside.contains(user))
        continue;
      if (isa<ir::ReshapeOp, ir::CastOp>(user))
        stack.push_back(user->getResult(0));
      else if (!isa<ir::MatmulOp>(user) || user->getOperand(0) != next || !fits_matvec(user))
        return false;
    }
  }
  return true;
}

void Partition::store_shared(std::size_t unit, const OpSet& inside) {
  if (!fusion_)
    return;
  auto next_shared = [&]() -> Value {
    const OpSet ops = ops_of(plan_.units()[unit]);
    const bool matvec = plan_.units()[unit].root == "matvec";
    for (Operation* op : ops) {
      if (inside.contains(op) || is_scatter(op))
        continue;
      Value value = op->getResult(0);
      const bool used_outside =
          llvm::any_of(value.getUsers(), [&](Operation* user) { return !ops.contains(user); });
      if (used_outside && !plan_.is_stored(value) && !plan_.is_cheap(value) &&
          !(matvec && only_feeds_matvecs(value, ops)))
        return value;
    }
    return {};
  };
  while (Value value = next_shared()) {
    const std::int64_t earliest = plan_.level_after(plan_.inputs_within(unit, value));
    const KernelUnit& holder = plan_.units()[unit];
    const bool can_hold = holder.is_light() || holder.root == "matvec";
    if (can_hold && earliest == holder.level) {
      plan_.add_output(unit, value);
    } else {
      store(value);
      plan_.refresh(unit);
    }
  }
}

}  // namespace ashlar
