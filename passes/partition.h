// SPDX-License-Identifier: Apache-2.0
// Divides the ops of an entry into kernels. See form_kernels.cpp for the policy.
#pragma once

#include "ir/kernel_dialect.h"
#include "passes/fusion_plan.h"
#include "runtime/program/device_profile.h"

#include "llvm/ADT/DenseSet.h"

#include <optional>

namespace ashlar {

class Partition {
public:
  // `forced`: virtual values that are to be stored. `fusion` = false: every op that computes
  // something becomes a kernel of its own.
  Partition(mlir::Block& block, const llvm::DenseSet<mlir::Value>& forced,
            const DeviceProfile& device, bool fusion)
      : plan_(block), block_(block), forced_(forced), device_(device), fusion_(fusion) {}

  // Diagnoses ops that no kernel can hold.
  mlir::FailureOr<FusionPlan> run();

private:
  // Decides about one op, after those it depends on. Each op is decided once.
  void visit(mlir::Operation* op);
  void refuse(mlir::Operation* op, llvm::StringRef reason);
  void visit_virtual(mlir::Operation* op);
  void visit_scatter(mlir::Operation* op);
  void visit_root(mlir::Operation* op);
  void visit_matmul(mlir::Operation* op);
  void visit_custom(mlir::Operation* op);
  void visit_expert_matmul(mlir::Operation* op);
  void store_unless_cheap(mlir::OperandRange operands);
  bool follows_from_fewer(mlir::Value value, std::int64_t limit,
                          mlir::SmallVectorImpl<mlir::Value>& fewer) const;

  // The number of rows that a value follows (row_map.h); 0 for stored values.
  std::int64_t rows_of(mlir::Value value) const;
  // One number per operand, 0 for all but `only` where that is given.
  mlir::SmallVector<std::int64_t> rows_of_operands(mlir::Operation* op, mlir::Value only) const;
  void store_conflicting(mlir::Operation* op);
  void limit_evaluation(mlir::Operation* op);
  void store_repeated(mlir::Value value, std::int64_t repeats);
  // Makes `value` a stored one: by the light unit it would have to wait for, if that can compute it
  // too, else by a unit of its own.
  void store(mlir::Value value);
  std::optional<std::size_t> unit_to_join(mlir::Value value) const;
  bool follows_one_division(std::size_t unit, mlir::Value value) const;
  // As `store`, before the reshapes, transposes and widening casts at its end.
  void store_source(mlir::Value value);
  // Values of the unit that cost something to compute again and that other kernels need too are
  // stored: by this unit, or by one of its own where that can run earlier. `inside` are the ops of
  // the unit that depend on its roots.
  void store_shared(std::size_t unit, const OpSet& inside);
  bool only_feeds_matvecs(mlir::Value value, const OpSet& inside) const;

  // ---- epilogues (fuse_roots.cpp)
  bool fits_matvec(mlir::Operation* matmul) const;
  bool is_sibling(mlir::Operation* op, mlir::Operation* root) const;
  bool fits_matvec_prologue(mlir::Operation* matmul) const;
  bool follows_parts_of_rows(mlir::Operation* matmul) const;
  // The matvec that computed the left side of `matmul`, another one, already.
  std::optional<std::size_t> unit_of_same_left(mlir::Operation* matmul) const;
  // The outputs of `unit` that its roots do not lead to.
  ValueSet outputs_before_roots(std::size_t unit) const;
  bool make_available(mlir::Value value, const OpSet& region, std::int64_t level, bool may_wait);
  bool absorbs(mlir::Operation* op, const OpSet& region, std::int64_t level, bool may_wait);
  bool adopt_siblings(mlir::Operation* user, OpSet& region,
                      mlir::SmallVectorImpl<mlir::Operation*>& roots);
  // The ops that run on the results of `roots` in registers; may add roots that share the left
  // side.
  OpSet grow_epilogue(mlir::SmallVectorImpl<mlir::Operation*>& roots, bool siblings);
  // The fewest values of the region from which all values needed elsewhere follow.
  mlir::SmallVector<mlir::Value> outputs_of(const OpSet& region) const;
  // One kernel around `roots`; it stores `outputs` besides what others need of its region.
  void add_root_unit(llvm::StringRef root, mlir::SmallVector<mlir::Operation*> roots, bool siblings,
                     mlir::SmallVector<mlir::Value> outputs = {});

  // ---- attention (fuse_attention.cpp)
  void visit_attention(mlir::Operation* op);
  bool fits_row_prologue(mlir::Value value, std::int64_t rows) const;
  bool is_cheap_sink(mlir::Operation* attention, mlir::Value operand) const;
  bool may_append(mlir::Operation* attention, mlir::Operation* scatter) const;
  bool waits_for_attention(mlir::Operation* scatter) const;
  bool appends_to_caches(mlir::Operation* attention) const;
  kernel::AttentionCombineOp joining_op(mlir::Operation* attention) const;

  FusionPlan plan_;
  mlir::Block& block_;
  const llvm::DenseSet<mlir::Value>& forced_;
  const DeviceProfile& device_;
  bool fusion_;
  llvm::DenseMap<mlir::Value, std::int64_t> rows_;
  llvm::DenseSet<mlir::Operation*> visited_;
  bool failed_ = false;
};

}  // namespace ashlar
