// SPDX-License-Identifier: Apache-2.0
// Which values of an entry are stored, and by which kernel. All others are *virtual*: cloned into
// the kernels that need them.
//
// Invariants: every result of a root or scatter, every value that leaves the block and every
// operand that an emitter wants in a buffer is stored by exactly one unit; a unit reads leaves and
// what units of lower level store.
#pragma once

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

#include <cstdint>
#include <vector>

namespace ashlar {

using ValueSet = llvm::SetVector<mlir::Value>;
using OpSet = llvm::SetVector<mlir::Operation*>;

// One future kernel: the ops between `inputs` and `outputs`.
struct KernelUnit {
  llvm::StringRef root;                       // kernel.fused's attribute
  mlir::SmallVector<mlir::Operation*> roots;  // empty for "elementwise" and "row"
  ValueSet outputs;
  ValueSet inputs;
  ValueSet repeated;       // stored by another unit, computed here once more rather than waited for
  std::int64_t level = 0;  // length of the longest chain of units before it
  bool is_settled = false;  // other units read it, at levels above this one

  bool is_light() const { return roots.empty(); }
  bool computes(mlir::Value value) const {
    return outputs.contains(value) || repeated.contains(value);
  }
};

// The ops of a unit, in block order.
OpSet ops_of(const KernelUnit& unit);

class FusionPlan {
public:
  // Block arguments and leaf ops are stored from the start.
  explicit FusionPlan(mlir::Block& block);

  bool is_stored(mlir::Value value) const { return producer_.contains(value); }
  // Stored as it is, or packed: a dequantize of stored values.
  bool is_stored_or_packed(mlir::Value value) const;

  // Virtual ops that `values` depend on, in block order. Stops at stored values.
  OpSet closure(mlir::ValueRange values) const;
  // Stored values that `ops` read.
  ValueSet inputs_of(const OpSet& ops) const;
  // The ops that compute `value` within a unit, and the stored values they read: as closure and
  // inputs_of, but what the unit computes itself counts as virtual.
  OpSet closure_within(std::size_t unit, mlir::Value value) const;
  ValueSet inputs_within(std::size_t unit, mlir::Value value) const;
  // The level of a unit that reads `inputs`.
  std::int64_t level_after(const ValueSet& inputs) const;
  // The level of a unit that computes or reads `value`.
  std::int64_t level_of(mlir::Value value) const;
  // Whether computing `value` in every kernel that needs it costs no more than loading it: index
  // arithmetic, and a few cheap ops on one stored tensor.
  bool is_cheap(mlir::Value value) const;

  // Adds a unit that stores `outputs`; its inputs and level follow from them.
  std::size_t add_unit(llvm::StringRef root, mlir::ArrayRef<mlir::Operation*> roots,
                       mlir::ArrayRef<mlir::Value> outputs);
  // Lets the unit store one more value that it computes anyway.
  void add_output(std::size_t unit, mlir::Value value);
  // Derives inputs and level again, after values behind the outputs became stored elsewhere.
  void refresh(std::size_t unit);

  std::vector<KernelUnit>& units() { return units_; }
  const std::vector<KernelUnit>& units() const { return units_; }
  // Index of the unit that stores `value`; -1 for a leaf.
  std::int64_t producer_of(mlir::Value value) const { return producer_.lookup(value); }

private:
  // Whether the unit takes `value` from memory. A settled unit never starts to wait: it goes on
  // computing what units of its level, or later ones, store by now.
  bool loads(const KernelUnit& unit, mlir::Value value) const;

  std::vector<KernelUnit> units_;
  llvm::DenseMap<mlir::Value, std::int64_t> producer_;
};

}  // namespace ashlar
