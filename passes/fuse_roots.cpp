// SPDX-License-Identifier: Apache-2.0
// The part of the partition that surrounds roots with prologues and epilogues.
#include "passes/partition.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "ir/kernel_region.h"
#include "ir/schedule_model.h"
#include "passes/op_classes.h"

using namespace mlir;

namespace ashlar {

// The most rows of a left side for which a matmul is bound by reading its weights.
static constexpr std::int64_t kMatvecRows = 8;

static std::int64_t last_extent(Value value) {
  return kernel::innermost(value.getType());
}

static std::int64_t left_rows(Operation* matmul) {
  const std::int64_t k = last_extent(matmul->getOperand(0));
  return k == 0 ? 0 : element_count(matmul->getOperand(0)) / k;
}

bool Partition::fits_matvec(Operation* op) const {
  auto matmul = cast<ir::MatmulOp>(op);
  auto weight = cast<RankedTensorType>(matmul.getRhs().getType());
  const std::int64_t rows = left_rows(op);
  return plan_.is_stored_or_packed(matmul.getRhs()) && weight.getRank() == 2 &&
         matmul.getTransposeRhs() && isa<FloatType>(weight.getElementType()) && rows >= 1 &&
         rows <= kMatvecRows;
}

// Whether the rows of the left side are reduced in parts (the norm of each head), and few enough
// for a workgroup's memory: each workgroup of a GPU computes them sooner than another kernel would.
bool Partition::follows_parts_of_rows(Operation* matmul) const {
  return fusion_ && !device_.is_cpu && rows_of(matmul->getOperand(0)) > left_rows(matmul) &&
         kernel::stages_lhs(matmul);
}

// Every workgroup computes the whole left side: loads, cheap arithmetic and reductions over its
// rows are allowed, costly functions only on single values per row, or where parts of rows are
// reduced.
bool Partition::fits_matvec_prologue(Operation* matmul) const {
  Value lhs = matmul->getOperand(0);
  const bool in_parts = follows_parts_of_rows(matmul);
  const std::int64_t rows = in_parts ? rows_of(lhs) : left_rows(matmul);
  if (rows_of(lhs) != 0 && rows_of(lhs) != rows)
    return false;
  return llvm::all_of(plan_.closure(lhs), [&](Operation* op) {
    if (auto shape = kernel::row_shape_of(op))
      return shape->rows == rows && shape->rows * shape->length == element_count(lhs);
    return !is_costly(op) || element_count(op->getResult(0)) <= rows ||
           (in_parts && is_elementwise(op));
  });
}

std::optional<std::size_t> Partition::unit_of_same_left(Operation* matmul) const {
  if (!isa<ir::MatmulOp>(matmul) || !fits_matvec(matmul))
    return std::nullopt;
  for (auto [index, unit] : llvm::enumerate(plan_.units()))
    if (unit.root == "matvec" && unit.roots.front()->getOperand(0) == matmul->getOperand(0))
      return index;
  return std::nullopt;
}

ValueSet Partition::outputs_before_roots(std::size_t unit) const {
  const KernelUnit& holder = plan_.units()[unit];
  ValueSet before;
  for (Value output : holder.outputs) {
    const OpSet ops = plan_.closure_within(unit, output);
    if (llvm::none_of(holder.roots, [&](Operation* root) { return ops.contains(root); }))
      before.insert(output);
  }
  return before;
}

// Whether `value` can be an operand of an epilogue: it does not depend on the region, nor, unless
// that `may_wait`, on what comes later than its roots. Reductions behind it are stored if that
// delays nothing.
bool Partition::make_available(Value value, const OpSet& region, std::int64_t level,
                               bool may_wait) {
  const OpSet ops = plan_.closure(value);
  for (Operation* op : ops) {
    const bool known = visited_.contains(op);
    if (region.contains(op) || is_root(op) || is_scatter(op) || (!known && !is_inlinable(op)))
      return false;
  }
  for (Operation* op : ops)
    visit(op);
  if (rows_of(value) == 0)
    return may_wait || plan_.level_of(value) <= level;
  if (plan_.level_of(value) >= level)
    return false;
  store(value);
  return true;
}

bool Partition::absorbs(Operation* op, const OpSet& region, std::int64_t level, bool may_wait) {
  if (!is_elementwise(op) && !isa<ir::ReshapeOp>(op))
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    return region.contains(operand.getDefiningOp()) ||
           make_available(operand, region, level, may_wait);
  });
}

// Whether two products share their left side, and the numbers of its matrices where it has some.
bool Partition::is_sibling(Operation* op, Operation* root) const {
  // Compared before fits_matvec: closures also hold the prologue, with any kind of op.
  if (op->getName() != root->getName() || op->getOperand(0) != root->getOperand(0) ||
      op->getResult(0).getType() != root->getResult(0).getType())
    return false;
  if (isa<ir::ExpertMatmulOp>(op))
    return op->getOperand(2) == root->getOperand(2) &&
           cast<ir::ExpertMatmulOp>(op).getTransposeRhs() ==
               cast<ir::ExpertMatmulOp>(root).getTransposeRhs() &&
           plan_.is_stored_or_packed(kernel::expert_outputs(op).matrices);
  return isa<ir::MatmulOp>(op) && fits_matvec(op);
}

// Adds the matmuls that keep `user` out of the epilogue, when all of them multiply the same left
// side by as many rows: gate and up meet in one product.
bool Partition::adopt_siblings(Operation* user, OpSet& region, SmallVectorImpl<Operation*>& roots) {
  if (!is_elementwise(user))
    return false;
  SmallVector<Operation*> siblings;
  for (Operation* op : plan_.closure(user->getOperands())) {
    const bool follows = is_elementwise(op) || is_index_map(op) || isa<ir::TakeOp>(op);
    if (region.contains(op) || visited_.contains(op) || follows || kernel::is_unpacking(op))
      continue;
    if (!is_sibling(op, roots.front()))
      return false;
    siblings.push_back(op);
  }
  for (Operation* sibling : siblings) {
    visited_.insert(sibling);
    region.insert(sibling);
    roots.push_back(sibling);
  }
  return !siblings.empty();
}

OpSet Partition::grow_epilogue(SmallVectorImpl<Operation*>& roots, bool siblings) {
  OpSet region(roots.begin(), roots.end());
  if (!fusion_)
    return region;
  std::int64_t level = 0;
  for (Value operand : roots.front()->getOperands())
    level = std::max(level, plan_.level_of(operand));
  if (const auto same_left = unit_of_same_left(roots.front()))
    level = plan_.units()[*same_left].level;
  // Results of many rows are large: rather a late kernel than a buffer that waits.
  const bool few_rows = isa<ir::ExpertMatmulOp>(roots.front()) ||
                        (isa<ir::MatmulOp>(roots.front()) && fits_matvec(roots.front()));
  for (bool changed = true; changed;) {
    changed = false;
    for (Operation* op : llvm::to_vector(region))
      for (Operation* user : op->getUsers()) {
        if (region.contains(user) || user->getNumResults() != 1)
          continue;
        if (absorbs(user, region, level, !few_rows)) {
          visited_.insert(user);
          changed |= region.insert(user);
        } else if (siblings) {
          changed |= adopt_siblings(user, region, roots);
        }
      }
  }
  return region;
}

// Whether `value` follows from other needed values, and from what earlier kernels store, by cheap
// ops.
static bool follows_from(Value value, const ValueSet& needed, const OpSet& region) {
  ValueSet path;
  path.insert(value);
  for (std::size_t i = 0; i < path.size(); ++i) {
    Operation* op = path[i].getDefiningOp();
    if (is_root(op) || is_costly(op))
      return false;
    for (Value operand : op->getOperands()) {
      if (!needed.contains(operand) && region.contains(operand.getDefiningOp()))
        path.insert(operand);
    }
  }
  return true;
}

// The operand that holds the same values in fewer bytes.
static Value narrow(Value value, const OpSet& region) {
  while (auto cast = value.getDefiningOp<ir::CastOp>()) {
    Value input = cast.getInput();
    if (!region.contains(input.getDefiningOp()) ||
        !preserves_values(getElementTypeOrSelf(input.getType()),
                          getElementTypeOrSelf(value.getType())))
      break;
    value = input;
  }
  return value;
}

SmallVector<Value> Partition::outputs_of(const OpSet& region) const {
  SmallVector<Operation*> ops = llvm::to_vector(region);
  llvm::sort(ops, [](Operation* a, Operation* b) { return a->isBeforeInBlock(b); });
  ValueSet needed;
  for (Operation* op : ops) {
    Value value = op->getResult(0);
    if (forced_.contains(value))
      needed.insert(value);
    else if (llvm::any_of(value.getUsers(), [&](Operation* u) { return !region.contains(u); }))
      needed.insert(narrow(value, region));
  }
  for (Value value : llvm::to_vector(llvm::reverse(needed))) {
    if (forced_.contains(value))
      continue;
    needed.remove(value);
    if (!follows_from(value, needed, region))
      needed.insert(value);
  }
  SmallVector<Value> outputs = needed.takeVector();
  llvm::sort(outputs, [](Value a, Value b) {
    return a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp());
  });
  return outputs;
}

void Partition::add_root_unit(StringRef root, SmallVector<Operation*> roots, bool siblings,
                              SmallVector<Value> outputs) {
  const OpSet region = grow_epilogue(roots, siblings);
  for (Value output : outputs_of(region))
    if (!llvm::is_contained(outputs, output))
      outputs.push_back(output);
  // A dead root still needs a place; dead code is gone before this pass in the pipeline.
  if (outputs.empty())
    outputs.push_back(roots.front()->getResult(0));
  // Products of one left side compute it each for itself, so that none waits for another.
  const auto same_left = unit_of_same_left(roots.front());
  const std::size_t unit = plan_.add_unit(root, roots, outputs);
  if (same_left) {
    plan_.units()[unit].repeated = outputs_before_roots(*same_left);
    plan_.refresh(unit);
  }
  store_shared(unit, region);
}

void Partition::visit_matmul(Operation* op) {
  if (fits_matvec(op)) {
    if (!fits_matvec_prologue(op))
      store_source(op->getOperand(0));
    add_root_unit("matvec", {op}, /*siblings=*/true);
    return;
  }
  store_unless_cheap(op->getOperands());
  add_root_unit("matmul", {op}, /*siblings=*/false);
}

void Partition::store_unless_cheap(OperandRange operands) {
  for (Value operand : operands)
    if (rows_of(operand) != 0 || !plan_.is_cheap(operand))
      store_source(operand);
}

// Its code reads whole buffers and writes a whole one.
void Partition::visit_custom(Operation* op) {
  for (Value operand : op->getOperands())
    store(operand);
  plan_.add_unit(kernel::kCustomEmitter, {op}, op->getResult(0));
}

void Partition::visit_root(Operation* op) {
  if (isa<ir::MatmulOp>(op))
    return visit_matmul(op);
  if (isa<ir::ExpertMatmulOp>(op))
    return visit_expert_matmul(op);
  if (isa<kernel::GroupedMatmulOp>(op)) {
    store_unless_cheap(op->getOperands());
    return add_root_unit("grouped_matmul", {op}, /*siblings=*/false);
  }
  if (isa<ir::AttentionOp, kernel::AttentionPartialOp>(op))
    return visit_attention(op);
  if (isa<ir::CustomKernelOp>(op))
    return visit_custom(op);
  if (rows_of(op->getOperand(0)) != 0)
    store_source(op->getOperand(0));
  add_root_unit(isa<ir::CumsumOp>(op) ? "scan" : "sort", {op}, /*siblings=*/false);
}

}  // namespace ashlar
