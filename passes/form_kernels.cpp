// SPDX-License-Identifier: Apache-2.0
// ashlar-form-kernels: divides an entry into kernel.fused regions.
//
//   %x = ashlar.mul %a, %norm                 %y = kernel.fused "matvec"(%a, %w, %r) ... {
//   %p = ashlar.matmul %x, %w           =>    ^bb0(%a, %w, %r):
//   %y = ashlar.add %p, %r                      mul, matmul, add
//                                               kernel.yield %y }
//
// Policy, in the order of the decisions:
//  1. Ops are visited in program order. Matmuls, attention, scans and sorts are roots: each takes
//     the elementwise ops that follow it as its epilogue (a residual add, gate * up: two roots),
//     and stores the fewest values from which all later uses can be computed cheaply.
//  2. A matmul of at most 8 rows by a stored weight is a matvec: what leads to its left side,
//     norms included, is recomputed by every workgroup, and values in there that others need (the
//     residual stream) are stored on the way. Other roots want their operands stored.
//  3. Everything else is virtual until a root, a scatter, a state or a result needs it in a buffer.
//     It is then stored by a "row" or "elementwise" kernel. A value that several kernels need is
//     stored once, unless recomputing it is as cheap as loading it.
//  4. Such light kernels merge when they may run at the same time.
//  5. Scatters update their target in place: readers of the old contents run before, or get a copy.
//  6. Products with chosen matrices choose these themselves, where the choice is short.
//  7. States get their next values late, in place: after the readers of the old ones.
#include "passes/build_kernels.h"
#include "passes/device_of_pass.h"
#include "passes/fuse_choices.h"
#include "passes/op_classes.h"
#include "passes/order_units.h"
#include "passes/partition.h"
#include "passes/passes.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_FORMKERNELS
#include "passes/passes.h.inc"

namespace {

using ForcedValues = llvm::DenseSet<Value>;

// One state_read per state, and all state_writes at the end.
void normalise_states(Block& block) {
  llvm::StringMap<ir::StateReadOp> reads;
  for (auto read : llvm::make_early_inc_range(block.getOps<ir::StateReadOp>())) {
    auto [first, is_new] = reads.try_emplace(read.getState(), read);
    if (is_new)
      continue;
    read.replaceAllUsesWith(first->second.getResult());
    read.erase();
  }
  for (auto write : llvm::to_vector(block.getOps<ir::StateWriteOp>()))
    write->moveBefore(block.getTerminator());
}

// The value that a chain of scatters starts from.
Value scatter_base(Value value) {
  while (Operation* op = value.getDefiningOp()) {
    if (!is_scatter(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

// Whether the buffer of the scatter's target is the entry's to change: a temporary, or a state
// whose new contents this chain of scatters becomes; the chain ends before one that gets a copy.
bool owns_target(ir::StateReadOp read, Operation* scatter) {
  for (Operation* user : scatter->getResult(0).getUsers()) {
    auto write = dyn_cast<ir::StateWriteOp>(user);
    if (write && write.getState() == read.getState())
      return true;
    if (is_scatter(user) && user->getOperand(0) == scatter->getResult(0) &&
        !escapes(scatter->getResult(0)) && owns_target(read, user))
      return true;
  }
  return false;
}

bool updates_in_place(Operation* scatter) {
  Value target = scatter->getOperand(0);
  if (escapes(target))
    return false;
  Value base = scatter_base(target);
  Operation* def = base.getDefiningOp();
  if (auto read = dyn_cast_or_null<ir::StateReadOp>(def))
    return owns_target(read, scatter);
  return def && !is_leaf(def);
}

// Replaces an operand by a copy in memory of its own: a reshape to the same shape that is stored.
LogicalResult copy_operand(OpOperand& operand, ForcedValues& forced) {
  Operation* user = operand.getOwner();
  auto type = cast<RankedTensorType>(operand.get().getType());
  if (!type.hasStaticShape())
    return user->emitOpError("needs the old contents of a growable state after their update; "
                             "such a state can only be updated in place");
  OpBuilder builder(user);
  auto copy = ir::ReshapeOp::create(builder, user->getLoc(), type, operand.get(),
                                    builder.getDenseI64ArrayAttr(type.getShape()));
  operand.set(copy);
  forced.insert(copy);
  return success();
}

// Values that leave the entry must be fresh or updated in place, and so must targets of scatters.
LogicalResult insert_copies(Block& block, ForcedValues& forced) {
  for (Operation& op : llvm::make_early_inc_range(block)) {
    if (is_scatter(&op) && !updates_in_place(&op) &&
        failed(copy_operand(op.getOpOperand(0), forced)))
      return failure();
    auto write = dyn_cast<ir::StateWriteOp>(op);
    if (!write && !op.hasTrait<OpTrait::IsTerminator>())
      continue;
    for (OpOperand& operand : op.getOpOperands()) {
      Operation* base = scatter_base(operand.get()).getDefiningOp();
      auto read = dyn_cast_or_null<ir::StateReadOp>(base);
      const bool in_place = write && read && read.getState() == write.getState();
      const bool borrowed = (!base || is_leaf(base)) && element_count(operand.get()) != 0;
      if (borrowed && !in_place && failed(copy_operand(operand, forced)))
        return failure();
    }
  }
  return success();
}

// Whether ops other than `ops` read the old value of the state.
bool is_read_beside(Block& block, StringRef state, const OpSet& ops) {
  for (auto read : block.getOps<ir::StateReadOp>())
    if (read.getState() == state)
      return llvm::any_of(read->getUsers(), [&](Operation* user) { return !ops.contains(user); });
  return false;
}

// A few numbers that follow from states and that other ops use too are computed once more for the
// state they become, by a late kernel: an early one would keep them for a copy, after all readers
// of the old numbers.
void separate_updates(Block& block) {
  constexpr std::int64_t kFew = 64;
  const FusionPlan nothing_fused(block);
  for (auto write : block.getOps<ir::StateWriteOp>()) {
    Value value = write.getValue();
    const OpSet ops = nothing_fused.closure(value);
    if (value.hasOneUse() || element_count(value) > kFew || !llvm::all_of(ops, is_inlinable) ||
        !nothing_fused.is_cheap(value) || !is_read_beside(block, write.getState(), ops))
      continue;
    OpBuilder builder(write);
    IRMapping copies;
    for (Operation* op : ops)
      builder.clone(*op, copies)->setLoc(write.getLoc());
    write->setOperand(0, copies.lookupOrDefault(value));
  }
}

// Stores what the reader wants of the old contents before the update; if that was tried, lets the
// update work on a copy.
LogicalResult resolve(const OrderConflict& conflict, ForcedValues& forced) {
  bool progress = false;
  for (Operation* reader : conflict.readers)
    if (is_inlinable(reader))
      progress |= forced.insert(reader->getResult(0)).second;
  return progress ? success() : copy_operand(conflict.scatter->getOpOperand(0), forced);
}

struct FormKernelsPass : impl::FormKernelsBase<FormKernelsPass> {
  using FormKernelsBase::FormKernelsBase;
  FormKernelsPass(DeviceProfile device, bool fuses) : device_(std::move(device)) { fusion = fuses; }

  LogicalResult initialize(MLIRContext* context) override {
    return find_device(device_, profile.getValue(), context);
  }

  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    if (!getOperation().getBody().hasOneBlock()) {
      getOperation().emitOpError("an entry has one block");
      return signalPassFailure();
    }
    Block& block = getOperation().getBody().front();
    ForcedValues forced;
    normalise_states(block);
    if (failed(insert_copies(block, forced)))
      return signalPassFailure();
    if (fusion)
      separate_updates(block);
    if (failed(form(block, forced)))
      signalPassFailure();
  }

  LogicalResult form(Block& block, ForcedValues& forced) {
    while (true) {
      FailureOr<FusionPlan> plan = Partition(block, forced, *device_, fusion).run();
      if (failed(plan))
        return failure();
      auto conflict = order_units(block, *plan, fusion);
      if (failed(conflict))
        return failure();
      if (!*conflict) {
        if (fusion)
          fuse_choices(plan->units(), *device_);
        build_kernels(block, plan->units());
        return success();
      }
      // A copy for one update ends the chain in place that it belonged to.
      if (failed(resolve(**conflict, forced)) || failed(insert_copies(block, forced)))
        return failure();
    }
  }

  std::optional<DeviceProfile> device_;
};

}  // namespace

std::unique_ptr<Pass> create_form_kernels(const DeviceProfile& profile, bool fusion) {
  return std::make_unique<FormKernelsPass>(profile, fusion);
}

}  // namespace ashlar
